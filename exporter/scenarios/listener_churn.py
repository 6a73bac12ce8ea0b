"""Add and remove event listeners, whose handlers are easily kept alive on one side of the binding."""

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter(
    "listener_churns", "Listener churns", "Rounds of adding and removing listeners.", each="listener churn"
)

LISTENERS = 5


class ListenerChurn(Scenario):
    """After every payment: add five listeners to every wallet and remove five."""

    name = "listener_churn"
    counter = COUNTER

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.listener_churn

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        for wallet in stage.fleet.wallets:
            await stage.fleet.add_listeners(wallet, LISTENERS)
            await stage.fleet.remove_listeners(wallet, LISTENERS)
        stage.count(COUNTER, 1)
