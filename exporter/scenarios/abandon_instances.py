"""Connect anew without disconnecting first: the instance left behind keeps its tasks, and leaks."""

import math

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter(
    "abandoned_instances",
    "Abandoned instances",
    "SDK instances dropped without being disconnected.",
    each="abandoned instance",
)


class AbandonInstances(Scenario):
    """Every so many payments: drop all instances as they are, connect all, add listeners, sync."""

    name = "abandon_instances"
    counter = COUNTER
    exclusive = True

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.abandon_instances

    def due(self, payments: int) -> bool:
        return payments % self.settings.reconnect_every == 0

    async def step(self, stage: Stage) -> None:
        try:
            await stage.fleet.abandon()
        finally:
            # Without its instances the load is over, so connecting goes on for as long as the run does.
            await stage.fleet.connect(patience=math.inf)
        await stage.fleet.sync()
        stage.tell("abandoned", f"abandoned {stage.fleet.size} instances and connected anew")
