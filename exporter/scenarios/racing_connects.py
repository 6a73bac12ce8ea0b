"""Connect and disconnect on one seed at the same time, as an app does that is opened while it closes."""

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import Fleet, LoadCounter, Stage
from exporter.scenarios.together import each_to_its_end
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter(
    "racing_connects",
    "Racing connects",
    "Instances connected while another one on their seed was being disconnected.",
    each="racing connect",
)

ROUNDS = 2


class RacingConnects(Scenario):
    """Every so many payments: for every wallet two more instances, each connected while the other disconnects."""

    name = "racing_connects"
    counter = COUNTER
    exclusive = True

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.racing_connects

    def due(self, payments: int) -> bool:
        return payments % self.settings.reconnect_every == 0

    async def step(self, stage: Stage) -> None:
        await each_to_its_end(_race(stage.fleet, wallet) for wallet in stage.fleet.wallets)
        stage.count(COUNTER, ROUNDS * len(stage.fleet.wallets))


async def _race(fleet: Fleet, wallet: str) -> None:
    leaving, coming = f"{wallet}-racing-1", f"{wallet}-racing-2"
    await fleet.enter(leaving, wallet)
    for _ in range(ROUNDS):
        await each_to_its_end([fleet.leave(leaving), fleet.enter(coming, wallet)])
        leaving, coming = coming, leaving
    await fleet.leave(leaving)
