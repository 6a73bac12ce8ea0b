"""Many wallets that come, sync, pay and go, as a server has them that serves each of its users in turn."""

from collections import deque

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter(
    "wallet_lifecycles", "Wallet lifecycles", "Wallets that came, synced, paid and went.", each="wallet lifecycle"
)


class WalletRotation(Scenario):
    """After every payment: a further wallet connects for a server, is paid, syncs, pays back and disconnects."""

    name = "wallet_rotation"
    counter = COUNTER

    def __init__(self, settings: WorkloadSettings) -> None:
        super().__init__(settings)
        self._away = deque(self.further_wallets())

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.wallet_rotation > 0

    def further_wallets(self) -> tuple[str, ...]:
        return tuple(f"guest-{number}" for number in range(1, self.settings.wallet_rotation + 1))

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        # With several payments in flight, all wallets may be here already.
        if not self._away:
            return
        guest, host = self._away.popleft(), stage.fleet.wallets[0]
        try:
            await self._visit(stage, guest, host)
        finally:
            self._away.append(guest)
        stage.count(COUNTER, 1)

    async def _visit(self, stage: Stage, guest: str, host: str) -> None:
        fleet, payment = stage.fleet, {"rail": "spark", "amount_sats": self.settings.amount_sats}
        await fleet.enter(guest, guest, server=True, shared=self.settings.shared_context)
        try:
            await fleet.ask("pay", **{"from": host, "to": guest}, **payment)
            await fleet.ask("sync", instance=guest)
            await fleet.ask("pay", **{"from": guest, "to": host}, **payment)
        finally:
            await fleet.leave(guest)
