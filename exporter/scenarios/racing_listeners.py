"""Remove listeners while events are on their way to them."""

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import Fleet, LoadCounter, Stage
from exporter.scenarios.together import each_to_its_end
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter(
    "racing_removals", "Racing removals", "Listeners removed while events were told to them.", each="racing removal"
)

LISTENERS = 5


class RacingListeners(Scenario):
    """After every payment, of which events still come: five more listeners for every wallet, removed during a sync."""

    name = "racing_listeners"
    counter = COUNTER

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.racing_listeners

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        fleet = stage.fleet
        await each_to_its_end(fleet.add_listeners(wallet, LISTENERS) for wallet in fleet.wallets)
        await each_to_its_end([fleet.sync(), *(_remove_one_by_one(fleet, wallet) for wallet in fleet.wallets)])
        stage.count(COUNTER, LISTENERS * len(fleet.wallets))


async def _remove_one_by_one(fleet: Fleet, wallet: str) -> None:
    """Remove a wallet's listeners, spread over the time that a sync takes."""
    for _ in range(LISTENERS):
        await fleet.remove_listeners(wallet, 1)
