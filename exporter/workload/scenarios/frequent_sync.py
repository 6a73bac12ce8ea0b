"""Sync by hand, far more often than the SDK does by itself."""

from exporter.settings.load import WorkloadSettings
from exporter.workload.scenarios.scenario import Scenario, Stage


class FrequentSync(Scenario):
    """After every payment: sync every wallet."""

    name = "frequent_sync"

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.frequent_sync

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        await stage.fleet.sync()
