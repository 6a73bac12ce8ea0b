"""Make an instance ready and drop it without connecting, as an app does whose user turns back."""

from exporter.scenarios.scenario import Scenario
from exporter.scenarios.stage import LoadCounter, Stage
from exporter.settings.load import WorkloadSettings

COUNTER = LoadCounter(
    "unconnected_builds",
    "Unconnected builds",
    "SDK instances made ready and dropped without connecting.",
    each="unconnected build",
)


class UnconnectedBuilds(Scenario):
    """After every payment: make an instance ready on every wallet's seed, and drop it."""

    name = "unconnected_builds"
    counter = COUNTER

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.unconnected_builds

    def due(self, payments: int) -> bool:
        return True

    async def step(self, stage: Stage) -> None:
        await stage.fleet.ask_each("build")
        stage.count(COUNTER, len(stage.fleet.wallets))
