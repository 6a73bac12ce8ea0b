"""Collect garbage often, so that what remains is held and not merely late."""

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter(
    "garbage_collections",
    "Garbage collections",
    "Garbage collections asked for by the load.",
    told_at_end=False,  # every settled sample is one
)


class ForceGc(Scenario):
    """After every payment: a full garbage collection in the subject."""

    name = "force_gc"
    counter = COUNTER

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.force_gc

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        await stage.fleet.collect_garbage()
