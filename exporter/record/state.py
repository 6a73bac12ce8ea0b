"""The latest values of a run: written by the run, read by the collector, the console and the live page.

Everything here is of constant size: the CSV is the record, this is the present.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from exporter.checked import NAME_LENGTH, Names, printable
from exporter.record.heap_columns import HEAPS
from exporter.record.probes import Others
from exporter.record.sample import Sample
from exporter.record.terms import Phase, Verdict
from exporter.scenarios import LOAD_COUNTERS
from exporter.scenarios.stage import LoadCounter

MAX_EVENT_KINDS = 40
LATENCY_BUCKETS_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(slots=True)
class Histogram:
    """A cumulative histogram in Prometheus' sense; ``counts[i]`` is how many were at most ``bounds[i]``."""

    bounds: tuple[float, ...] = LATENCY_BUCKETS_SECONDS
    counts: list[int] = field(default_factory=lambda: [0] * len(LATENCY_BUCKETS_SECONDS))
    count: int = 0
    total: float = 0.0

    def observe(self, value: float) -> None:
        self.count += 1
        self.total += value
        for index, bound in enumerate(self.bounds):
            if value <= bound:
                self.counts[index] += 1

    def quantile(self, share: float) -> float | None:
        """Estimate a quantile as Prometheus does: linear within a bucket, the last bound for what is beyond it."""
        if self.count == 0:
            return None
        rank = share * self.count
        for (low_bound, low_count), (bound, count) in pairwise(
            zip((0.0, *self.bounds), (0, *self.counts), strict=True)
        ):
            if count >= rank:
                return low_bound + (bound - low_bound) * (rank - low_count) / (count - low_count)
        return self.bounds[-1]


def _nothing_done() -> Counter[str]:
    return Counter({counter.name: 0 for counter in LOAD_COUNTERS})


@dataclass(slots=True)
class LoadCounters:
    """What the load has done so far; every key that can occur is there from the start, at 0."""

    payments: Counter[str] = field(default_factory=Counter)  # succeeded, by rail: spark, lightning
    failures: Counter[str] = field(default_factory=Counter)  # unexpected, by rail
    expected_failures: Counter[str] = field(default_factory=Counter)  # made to fail on purpose, by reason
    latency_seconds: dict[str, Histogram] = field(default_factory=dict)  # by rail
    unexpected_successes: Counter[str] = field(default_factory=Counter)  # should have failed, by reason
    missed: int = 0  # scheduled payments that could not be started in their slot
    counts: Counter[str] = field(default_factory=_nothing_done)  # by what scenarios count
    refunds: int = 0
    step_failures: Counter[str] = field(default_factory=Counter)  # by scenario
    instance_heap_bytes: int | None = None  # what one more connected instance takes, measured before the load
    instance_rss_bytes: int | None = None
    settles: int = 0
    settle_seconds: float = 0.0  # that the load has rested for them
    sdk_events: Counter[str] = field(default_factory=Counter)  # by event type
    connected: Counter[str] = field(default_factory=Counter)  # listeners and instances, where they are told
    balances_sats: dict[str, int] = field(default_factory=dict)  # by wallet: alice, bob, …

    @property
    def listeners(self) -> int | None:
        """Listeners registered with the SDK; None where nobody tells, as mostly in a watch."""
        return self.connected.get("listeners")

    @property
    def instances(self) -> int | None:
        """SDK instances connected, likewise."""
        return self.connected.get("instances")

    def count(self, counter: LoadCounter, by: int = 1) -> None:
        """Count something that a scenario has done."""
        self.counts[counter.name] += by


@dataclass(frozen=True, slots=True)
class Growth:
    """How fast a series grows, in bytes per second or per payment, with the bounds of a 95 % interval."""

    series: str
    value: float
    low: float
    high: float


@dataclass(slots=True)
class LabelNames:
    """The names that a subject may bring up as values of labels, over the whole run."""

    heaps: Names = field(default_factory=lambda: Names(16, HEAPS))
    parts: Names = field(default_factory=lambda: Names(24))  # of its allocator
    events: Names = field(default_factory=lambda: Names(MAX_EVENT_KINDS))
    processes: Names = field(default_factory=lambda: Names(48))


@dataclass(slots=True)
class SubjectState:
    """One subject: what it says it is, whether it lives, and what was last seen of it."""

    driver: str
    sdk: str = ""
    sdk_version: str = ""
    language: str = ""
    pid: int | None = None
    phase: Phase = Phase.STARTING
    load_phase: int | None = None  # of a load in phases, 0 while it warms up
    load: LoadCounters = field(default_factory=LoadCounters)
    heap_bytes: dict[str, int] = field(default_factory=dict)  # by heap: python, native, mmap, …
    unreadable_heaps: tuple[str, ...] = ()  # of which the subject can't tell the size
    allocator_bytes: dict[str, int] = field(default_factory=dict)  # what malloc holds: arena, free, top, …
    objects: int | None = None  # known to the subject's garbage collector, counted at rest
    collections: int | None = None  # of that garbage collector, so far
    goroutines: int | None = None
    event_loop_handles: int | None = None
    others: Others | None = None  # the processes that count beside the subject's own
    other_bytes: dict[str, int] = field(default_factory=dict)  # resident, by their names, as of the last sample
    group_bytes: dict[str, int] = field(default_factory=dict)  # of its control group, by part, as of the last sample
    restarts: int = 0  # of the subject, by whoever runs it
    bad_lines: int = 0  # that its driver sent and that are no messages
    names: LabelNames = field(default_factory=LabelNames)
    source_success: dict[str, bool] = field(default_factory=dict)  # by source of what a program tells of itself
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by counting probe and kind, as of then too
    heap_time: datetime | None = None
    last_sample: Sample | None = None
    last_settled: Sample | None = None
    growth: Growth | None = None  # per second, of the series that decides, as of the last look; likewise:
    growth_per: dict[str, Growth] = field(default_factory=dict)  # by operation: payment, reconnect, …
    memory_growth: dict[str, float] = field(default_factory=dict)  # bytes per second, by series that was judged
    count_growth: dict[str, float] = field(default_factory=dict)  # per second, by series that was judged
    memory_limit_in_seconds: float | None = None  # until the memory limit is reached, at that growth
    samples_written: int = 0
    csv_errors: int = 0
    csv_mishaps: int = 0  # times that others removed, renamed or cut the CSV
    probe_success: dict[str, bool] = field(default_factory=dict)  # by probe

    def __post_init__(self) -> None:
        # A program may be named by anything that a file may.
        self.driver = printable(self.driver, NAME_LENGTH)

    @property
    def up(self) -> bool:
        """Whether the subject's process is known and has not ended."""
        return self.pid is not None

    @property
    def heap_sum(self) -> int | None:
        """Bytes in use in all of its heaps; None where it has told of none, or can't tell of one."""
        return sum(self.heap_bytes.values()) if self.up and self.heap_bytes and not self.unreadable_heaps else None


@dataclass(slots=True)
class RunState:
    """One run: its name, settings and labels, and a state per subject."""

    name: str
    settings: dict[str, str]
    started_at: datetime
    duration_seconds: float
    subjects: dict[str, SubjectState]
    load_started_at: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)  # that the user gives it
    verdict: Verdict | None = None
    verdict_reason: str = ""
    verdict_time: datetime | None = None  # when it was last computed
    finished: bool = False

    def __post_init__(self) -> None:
        self.name = printable(self.name)
        self.settings = {key: printable(value) for key, value in self.settings.items()}
