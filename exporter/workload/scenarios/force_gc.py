"""Collect garbage often, so that what remains is held and not merely late."""

from exporter.settings.load import WorkloadSettings
from exporter.workload.scenarios.scenario import Scenario, Stage


class ForceGc(Scenario):
    """After every payment: a full garbage collection in the subject."""

    name = "force_gc"

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.force_gc

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        await stage.fleet.collect_garbage()
