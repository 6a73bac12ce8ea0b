"""Disconnect every instance and connect it again, as an app does when it comes back from the background."""

import math

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter("reconnects", "Reconnects", "Reconnects of all instances.", each="reconnect")


class ReconnectCycles(Scenario):
    """Every so many payments: remove the listeners, disconnect all, connect all, add listeners, sync."""

    name = "reconnect_cycles"
    counter = COUNTER
    exclusive = True

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.reconnect_cycles

    def due(self, payments: int) -> bool:
        return payments % self.settings.reconnect_every == 0

    async def step(self, stage: Stage) -> None:
        try:
            await stage.fleet.disconnect()
        finally:
            # Without its instances the load is over, so connecting goes on for as long as the run does.
            await stage.fleet.connect(patience=math.inf)
        await stage.fleet.sync()
        stage.count(COUNTER, 1)
        stage.tell("reconnected", f"reconnected {stage.fleet.size} instances")
