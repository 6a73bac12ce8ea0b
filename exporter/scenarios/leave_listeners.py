"""Disconnect while listeners are still registered: what a listener holds must go all the same."""

import math

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter(
    "left_listeners",
    "Left listeners",
    "Listeners still registered as their instance disconnected.",
    each="left listener",
)


class LeaveListeners(Scenario):
    """Every so many payments: disconnect all with their listeners, connect all, add listeners, sync."""

    name = "leave_listeners"
    counter = COUNTER
    exclusive = True

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.leave_listeners

    def due(self, payments: int) -> bool:
        return payments % self.settings.reconnect_every == 0

    async def step(self, stage: Stage) -> None:
        try:
            await stage.fleet.disconnect(keep_listeners=True)
        finally:
            # Without its instances the load is over, so connecting goes on for as long as the run does.
            await stage.fleet.connect(patience=math.inf)
        await stage.fleet.sync()
