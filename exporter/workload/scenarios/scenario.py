"""What a scenario can change about a load."""

from dataclasses import dataclass
from typing import ClassVar

from exporter.settings.load import WorkloadSettings
from exporter.workload.events import OnEvent
from exporter.workload.fleet import Fleet, Instance
from exporter.workload.payments import Payer, Payment


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario works with while the load runs."""

    fleet: Fleet
    payer: Payer
    on_event: OnEvent
    refusing_address: str | None = None  # payments to it fail at the operators


class Scenario:
    """One way to load the SDK beyond paying: overrides those hooks that it needs.

    Constructed once per load, and only if ``wanted``. A step may raise CommandError, which is counted under ``name``.
    """

    name: ClassVar[str]
    exclusive: ClassVar[bool] = False  # whether its steps need the load at rest

    def __init__(self, settings: WorkloadSettings) -> None:
        self.settings = settings

    @classmethod
    def wanted(cls, settings: WorkloadSettings) -> bool:
        """Whether the settings ask for this scenario."""
        raise NotImplementedError

    def further_pairs(self) -> tuple[tuple[str, str], ...]:
        """Wallets that pay each other, beside alice and bob."""
        return ()

    def idle_instances(self, wallets: tuple[str, ...]) -> tuple[Instance, ...]:
        """Instances that are connected for the whole load and don't pay."""
        return ()

    def due(self, payments: int) -> bool:
        """Whether a step follows the payment that was the load's ``payments``-th, counted from 1."""
        return False

    async def step(self, stage: Stage) -> None:
        """Do what the scenario does in a cycle."""

    async def pay_instead(self, stage: Stage, number: int, payment: Payment) -> bool:
        """Take over payment ``number``, counted from 0; False leaves it as it is."""
        return False
