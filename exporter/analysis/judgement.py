"""What a judgement says: the verdict and the evidence for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from exporter.record.columns import OPERATIONS, PAYMENTS
from exporter.record.terms import Verdict

HEAP = "heap_allocated_bytes"
RESIDENT, ANONYMOUS, SHARED = "rss_bytes", "rss_anon_bytes", "rss_shmem_bytes"
RESIDENT_SERIES = frozenset((RESIDENT, ANONYMOUS, SHARED))  # what the process holds, whoever asked for it
LEAST_BOUND = 0.1  # a minute, in words: a bound of 0 would claim more than anything measured can show
_ACQUIT_IN_ALL_KIB = 500.0


class Kind(StrEnum):
    """How the samples were taken that evidence rests on: under load, with the load at rest, or too few either way."""

    PASSIVE = "passive"
    SETTLED = "settled"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Settings:
    """What growth matters.

    A leak is growth shown to be above ``threshold_kib_per_min``; a run is acquitted when growth above
    ``acquit_kib_per_min`` is excluded. ``memory_limit_bytes`` is the subject's limit, for the projection.
    ``sequential`` says that the run is looked at again and again while it grows, so that a leak has to show more.
    """

    threshold_kib_per_min: float = 5.0
    acquit_kib_per_min: float = 50.0
    memory_limit_bytes: float | None = None
    sequential: bool = False

    @classmethod
    def from_threshold(cls, kib_per_min: float) -> "Settings":
        """Those of a threshold that was asked for; one above the usual for acquittals raises that too."""
        return cls(kib_per_min, max(cls().acquit_kib_per_min, kib_per_min))

    def acquit_at_rest(self, minutes: float) -> float:
        """The growth that readings at rest must exclude, KiB/min: in a short run, half a MiB over the whole of it."""
        return max(self.acquit_kib_per_min, _ACQUIT_IN_ALL_KIB / minutes) if minutes > 0 else self.acquit_kib_per_min


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its 95 % interval, all in one unit."""

    value: float
    low: float
    high: float

    def at_least(self, reach: float) -> "Interval":
        """The same, or so far on either side of the estimate."""
        return Interval(self.value, min(self.low, self.value - reach), max(self.high, self.value + reach))


@dataclass(frozen=True, slots=True)
class SeriesEvidence:
    """What one series shows by itself; growth in the series' own unit a minute (KiB, or a count)."""

    series: str
    evidence: Kind
    verdict: Verdict
    growth_per_min: Interval | None
    missed_per_min: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Doubling:
    """What the phases of a load show of one heap, in bytes per payment.

    ``growth`` holds each phase's with its 95 % interval, ``last`` the last one's between one-sided 99 % bounds; None
    where there is too little to compare.
    """

    verdict: Verdict
    growth: tuple[Interval, ...]
    last: Interval | None
    reason: str


@dataclass(frozen=True, slots=True)
class Drain:
    """Resident memory after the load, with garbage collected and the allocator trimmed.

    Trimming returned ``returned_bytes`` to the kernel and left ``left_bytes``, which is ``held_bytes`` more than when
    the allocator was trimmed before the load; None where it wasn't.
    """

    returned_bytes: float
    left_bytes: float
    held_bytes: float | None
    held_kib_per_min: float | None

    @property
    def returned_most(self) -> bool:
        """Whether trimming returned more than it left of the growth."""
        return self.held_bytes is not None and self.returned_bytes > self.held_bytes


@dataclass(frozen=True, slots=True)
class HarnessVerdict:
    """What a harness says of its own run; ``goroutines`` are those at the start and at the end, if it counts them."""

    verdict: Verdict
    growth_kib_per_min: float
    r_squared: float
    goroutines: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with its evidence; None where the run cannot tell.

    ``series`` is the column that decided, ``evidence`` how it was read; ``growth_series`` is what growth is told of,
    which is resident memory where a count decided. ``missed_kib_per_min`` is the largest steady growth that could be
    there unseen, ``growth_bytes_per`` the growth per operation by its column, where enough were done to tell;
    ``missed_bytes_per_payment`` the same at the run's average pace. ``would_decide``
    says what would settle an inconclusive run and is empty otherwise. ``flags`` are sentences about what else was seen.
    ``memory_limit_in_sec`` is when the memory limit is reached if a leak goes on, from the last sample. ``drain`` is
    what trimming the allocator at the end has shown, ``doubling`` what the phases of a load have, by series.
    ``harness`` is what the Go or the Rust harness says of a run of its own, and has no part in the verdict.
    ``settings`` are those that it was made by.
    """

    verdict: Verdict
    series: str | None = None
    evidence: Kind = Kind.NONE
    growth_series: str = RESIDENT
    growth_kib_per_min: Interval | None = None
    growth_bytes_per: Mapping[str, Interval] = field(default_factory=dict)
    warmup_sec: float | None = None
    missed_kib_per_min: float | None = None
    missed_bytes_per_payment: float | None = None
    reason: str
    would_decide: str = ""
    flags: tuple[str, ...] = ()
    parts: tuple[SeriesEvidence, ...] = ()
    memory_limit_in_sec: float | None = None
    drain: Drain | None = None
    doubling: Mapping[str, Doubling] = field(default_factory=dict)
    harness: HarnessVerdict | None = None
    settings: Settings = field(default_factory=Settings)

    @property
    def told_growth(self) -> tuple[str, Kind]:
        """The series and the kind of evidence that the growth is told of."""
        return self.growth_series, self.evidence if self.growth_series == self.series else Kind.PASSIVE

    @property
    def growth_bytes_per_payment(self) -> Interval | None:
        """The growth per payment, if it can be told."""
        return self.growth_bytes_per.get(PAYMENTS.name)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain JSON types, but for the settings; growth has a key for each operation."""
        fields: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if name == "growth_bytes_per":
                fields |= {f"growth_bytes_per_{column.operation}": value.get(column.name) for column in OPERATIONS}
            elif name != "settings":
                fields[name] = value
        return fields
