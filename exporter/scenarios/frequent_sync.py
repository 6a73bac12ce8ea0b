"""Sync by hand, far more often than the SDK does by itself."""

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter("syncs", "Syncs", "Wallet syncs asked for by the load.")


class FrequentSync(Scenario):
    """After every payment: sync every wallet."""

    name = "frequent_sync"
    counter = COUNTER

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.frequent_sync

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        await stage.fleet.sync()
