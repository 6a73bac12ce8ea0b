"""More wallets in one subject, to see what an instance costs."""

from exporter.scenarios.scenario import Scenario
from exporter.settings.load import WorkloadSettings


class Pairs(Scenario):
    """For the whole load: further pairs of wallets, which take turns with alice and bob."""

    name = "pairs"

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.pairs > 1

    def further_pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple((f"alice-{number}", f"bob-{number}") for number in range(2, self.settings.pairs + 1))
