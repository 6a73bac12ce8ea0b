"""What a scenario can change about a load."""

from typing import ClassVar

from exporter.scenarios.stage import LoadCounter, Payment, Stage
from exporter.settings.load import WorkloadSettings


class Scenario:
    """One way to load the SDK beyond paying: overrides those hooks that it needs.

    Constructed once per load, and only if ``wanted``. A step may raise CommandError, which is counted under ``name``.
    """

    name: ClassVar[str]
    counter: ClassVar[LoadCounter | None] = None  # of what it does, if that is counted
    exclusive: ClassVar[bool] = False  # whether its steps need the load at rest
    reasons: tuple[str, ...] = ()  # for which it makes payments fail

    def __init__(self, settings: WorkloadSettings) -> None:
        self.settings = settings

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        """Whether the settings ask for this scenario."""
        raise NotImplementedError

    def further_pairs(self) -> tuple[tuple[str, str], ...]:
        """Wallets that pay each other, beside alice and bob."""
        return ()

    def further_wallets(self) -> tuple[str, ...]:
        """Wallets that are connected only while a step needs them."""
        return ()

    def idle_instances(self, wallets: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Instances that are connected for the whole load and don't pay: the name and the wallet of each."""
        return ()

    def due(self, payments: int) -> bool:
        """Whether a step follows the payment that was the load's ``payments``-th, counted from 1."""
        return False

    async def step(self, stage: Stage) -> None:
        """Do what the scenario does in a cycle."""

    async def pay_instead(self, stage: Stage, number: int, payment: Payment) -> bool:
        """Take over payment ``number``, counted from 0; False leaves it as it is."""
        return False
