"""Add and remove event listeners, whose handlers are easily kept alive on one side of the binding."""

from exporter.settings.load import WorkloadSettings
from exporter.workload.scenarios.scenario import Scenario, Stage

LISTENERS = 5


class ListenerChurn(Scenario):
    """After every payment: add five listeners to every wallet and remove five."""

    name = "listener_churn"

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.listener_churn

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        for wallet in stage.fleet.wallets:
            await stage.fleet.add_listeners(wallet, LISTENERS)
            await stage.fleet.remove_listeners(wallet, LISTENERS)
        stage.fleet.counters.listener_churns += 1
