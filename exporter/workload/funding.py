"""Money for the wallets: before the load, and again when a wallet runs low."""

import asyncio
from functools import partial

from exporter.drivers.subject import CommandError
from exporter.errors import LoadError
from exporter.scenarios.together import together
from exporter.settings.faucet import FaucetSettings
from exporter.settings.load import FAUCET_REQUEST_SATS, WorkloadSettings
from exporter.workload.events import LoadEvent, OnEvent
from exporter.workload.faucet import FaucetClient, FaucetError
from exporter.workload.fleet import Fleet, patiently

FUNDING_LIMIT_SECONDS = 300.0
REQUEST_PATIENCE_SECONDS = 60.0  # with a network that fails
REFUND_LIMIT_SECONDS = 60.0
REFUND_RETRY_SECONDS = 30.0
FIRST_POLL_SECONDS = 0.2
SLOWEST_POLL_SECONDS = 5.0


class Funder:
    """Funds the paying wallets of a fleet from a faucet."""

    def __init__(self, fleet: Fleet, settings: WorkloadSettings, faucet: FaucetSettings, on_event: OnEvent) -> None:
        self._fleet = fleet
        self._settings = settings
        self._address = "deposit_address" if faucet.address == "bitcoin" else "spark_address"
        self._faucet = FaucetClient(faucet)
        self._on_event = on_event
        self._refunding = {wallet: asyncio.Lock() for wallet in fleet.wallets}
        self._not_before = dict.fromkeys(fleet.wallets, 0.0)

    async def fund_all(self) -> None:
        """Fund every wallet that needs it, and wait until all have their money.

        Raises LoadError, naming the wallet, if that can't be done within five minutes.
        """
        try:
            await patiently(self._fleet.sync, REQUEST_PATIENCE_SECONDS)
            await together(self._fund(wallet, FUNDING_LIMIT_SECONDS) for wallet in self._fleet.wallets)
        except CommandError as error:
            raise LoadError(f"funding failed at {error.do}: {error}") from None

    async def refund(self, wallet: str) -> None:
        """Fund a wallet again if it has run low; a failure is an event, and not tried again for a while."""
        if await self._fleet.balance(wallet) >= self._settings.refund_below_sats:
            return
        async with self._refunding[wallet]:
            now = asyncio.get_running_loop().time()
            if now < self._not_before[wallet]:
                return
            try:
                if await self._fund(wallet, REFUND_LIMIT_SECONDS):
                    self._fleet.counters.refunds += 1
                    self._on_event(LoadEvent("refunded", f"{wallet} was funded again"))
            except (LoadError, CommandError) as error:
                self._not_before[wallet] = now + REFUND_RETRY_SECONDS
                self._on_event(LoadEvent("refund_failed", f"{wallet} could not be funded again: {error}"))

    async def _fund(self, wallet: str, limit: float) -> bool:
        """Ask the faucet as often as the wallet needs and wait for the money; False if it had enough."""
        balance, target = await self._fleet.balance(wallet), self._settings.fund_to_sats
        if balance >= target:
            return False
        result, _ = await patiently(partial(self._fleet.ask, self._address, instance=wallet), REQUEST_PATIENCE_SECONDS)
        for _ in range(-(-(target - balance) // FAUCET_REQUEST_SATS)):
            await self._faucet.fund(result["address"], FAUCET_REQUEST_SATS)
        await self._await_balance(wallet, target, limit)
        return True

    async def _await_balance(self, wallet: str, target: int, limit: float) -> None:
        clock = asyncio.get_running_loop().time
        deadline, pause = clock() + limit, FIRST_POLL_SECONDS
        while (balance := await self._synced_balance(wallet)) < target:
            if clock() + pause > deadline:
                raise FaucetError(
                    f"{wallet} has {balance} of {target} satoshis {limit:g} s after the faucet sent them; "
                    "try again later"
                )
            await asyncio.sleep(pause)
            pause = min(2 * pause, SLOWEST_POLL_SECONDS)

    async def _synced_balance(self, wallet: str) -> int:
        await patiently(partial(self._fleet.ask, "sync", instance=wallet), REQUEST_PATIENCE_SECONDS)
        return await self._fleet.balance(wallet)
