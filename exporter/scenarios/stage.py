"""What a scenario works with while the load runs: the SDK's instances, payments, and a place to count and to tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Fields = dict[str, Any]  # of a command's answer: they belong to that command


@dataclass(frozen=True, slots=True)
class LoadCounter:
    """What a scenario counts: a column of the CSV, a counter on /metrics, a figure of the report.

    ``each`` is what one of it is called where growth per one is worth telling. ``told_at_end`` says whether the report
    that ends a run names it; what every run does tells nothing there.
    """

    name: str  # in snake case
    title: str
    meaning: str
    each: str = ""
    told_at_end: bool = True

    @property
    def metric(self) -> str:
        return f"memtest_{self.name}_total"


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment to make."""

    sender: str
    receiver: str
    rail: str
    amount_sats: int


class Fleet(Protocol):
    """All SDK instances of the subject; every method raises CommandError if the SDK fails or refuses."""

    @property
    def wallets(self) -> tuple[str, ...]:
        """The wallets that pay, each of which has an instance of its name."""

    @property
    def size(self) -> int:
        """How many instances there are when all are connected."""

    async def connect(self, patience: float) -> None: ...

    async def disconnect(self, *, keep_listeners: bool = False) -> None:
        """Disconnect every instance, listeners first or with them."""

    async def abandon(self) -> None: ...

    async def enter(self, name: str, wallet: str, *, server: bool = False, shared: bool = False) -> None:
        """Connect an instance that is here for a while, on a wallet's seed, unless it is connected.

        ``server`` has it do nothing by itself; ``shared`` has it share what it can with the others that do.
        """

    async def leave(self, name: str) -> None:
        """Disconnect such an instance, unless it is gone."""

    async def add_listeners(self, name: str, count: int) -> None: ...

    async def remove_listeners(self, name: str, count: int) -> None: ...

    async def sync(self) -> None: ...

    async def collect_garbage(self) -> None: ...

    async def balance(self, wallet: str) -> int:
        """A wallet's balance in satoshis, as its instance knows it without a sync."""

    async def ask(self, do: str, /, **args: Any) -> tuple[Fields, float]:
        """Have one command done: its result, and the seconds that it took."""

    async def ask_each(self, do: str, /, **args: Any) -> None:
        """Have one command done by every paying instance, all at once."""


class Payer(Protocol):
    """Who makes the payments."""

    @property
    def paid_invoice(self) -> str | None:
        """The last invoice that was paid."""

    async def attempt(self, do: str, /, **args: Any) -> Fields | None:
        """Have one command done, with the patience that a payment may take: its answer, None if the SDK fails."""

    def failed_on_purpose(self, reason: str) -> None:
        """Count a payment that was meant to fail, and did."""

    def succeeded_against_purpose(self, reason: str) -> None:
        """Count and tell a payment that was meant to fail, and did not."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scenario works with: ``count`` takes a counter and how many, ``tell`` an event's kind and a sentence."""

    fleet: Fleet
    payer: Payer
    count: Callable[[LoadCounter, int], None]
    tell: Callable[[str, str], None]
    refusing_address: str | None = None  # payments to it fail at the operators
