"""More SDK instances on the same seeds, which sync and listen but don't pay."""

from exporter.scenarios.scenario import Scenario
from exporter.settings.load import WorkloadSettings


class ExtraInstances(Scenario):
    """For the whole load: so many further instances per wallet, each with storage of its own."""

    name = "extra_instances"

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.extra_instances > 0

    def idle_instances(self, wallets: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        numbers = range(1, self.settings.extra_instances + 1)
        return tuple((f"{wallet}-extra-{number}", wallet) for number in numbers for wallet in wallets)
