"""More SDK instances on the same seeds, which sync and listen but don't pay."""

from exporter.settings.load import WorkloadSettings
from exporter.workload.fleet import Instance
from exporter.workload.scenarios.scenario import Scenario


class ExtraInstances(Scenario):
    """For the whole load: so many further instances per wallet, each with storage of its own."""

    name = "extra_instances"

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        return settings.extra_instances > 0

    def idle_instances(self, wallets: tuple[str, ...]) -> tuple[Instance, ...]:
        numbers = range(1, self.settings.extra_instances + 1)
        return tuple(Instance(f"{wallet}-extra-{number}", wallet) for number in numbers for wallet in wallets)
