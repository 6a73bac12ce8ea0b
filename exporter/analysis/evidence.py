"""What one series shows by itself, under load or at rest; the rule is derived in docs/verdict-method.md."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.demands import (
    AT_REST_AT_ONCE,
    LOOKS_IN_A_ROW,
    SEQUENTIAL_FAST,
    SHORTEST_SEQUENTIAL_MINUTES,
    Demand,
    demands_at_rest,
    demands_under_load,
    meets,
)
from exporter.analysis.ending import has_ended
from exporter.analysis.few import (
    FEWEST_READINGS,
    FEWEST_TO_ACQUIT,
    SHORTEST_FOR_FEW_MINUTES,
    trend_of_few,
    without_strays,
)
from exporter.analysis.judgement import (
    ANONYMOUS,
    LEAST_BOUND,
    RESIDENT,
    RESIDENT_SERIES,
    SHARED,
    Kind,
    SeriesEvidence,
    Settings,
)
from exporter.analysis.obvious import (
    FEWEST_UNDER_LOAD,
    SHORTEST_COUNTED_MINUTES,
    is_fast,
    is_obvious_under_load,
    may_be_obvious_under_load,
    obvious_at_rest,
    once_started,
    shortest_under_load,
)
from exporter.analysis.scales import COUNT, Scale, kib
from exporter.analysis.stretch import Stretch
from exporter.analysis.trend import Trend, trend_of_floors
from exporter.analysis.words import filling_in_words, growth_in_words, lasting_in_words, too_little_in_words
from exporter.record.columns import BY_NAME
from exporter.record.terms import Verdict

FEWEST_SAMPLES = 24
FEWEST_AT_REST = 10
SHORTEST_MINUTES = 5.0
SHORTEST_AT_REST_MINUTES = 2.0

_FEWEST_AT_ONCE = 8
_SHORTEST_AT_ONCE_MINUTES = 1.5
_AT_ONCE_FROM = 0.2  # of the run: a later tail would have too few readings

_MOST_OF_A_LENGTH = 0.9
_EVEN_CHANCE = 0.5
_EVEN_STEPS = 2.0  # buffers that grow by the piece make a step now and then
_FAR_BETTER = 0.5  # of the width of an interval
_FEWEST_MORE = 10.0  # descriptors or threads that a leak must have added


def label_of(series: str, settled: bool = False) -> str:
    """What a series is called in a sentence."""
    column = BY_NAME.get(series)
    return (column.label if column and column.label else series) + (" at rest" if settled else "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One series' verdict and the trend behind it (None when it is too short for one); see `SeriesEvidence`.

    ``clock`` is the one of the stretch that the trend was found by: minutes, or work at the run's average pace.
    ``missed`` is the largest growth that could be there unseen; ``growing`` says that growth that matters shows in
    even steps, of memory at rest or of a count, and is more likely to last than not.
    """

    series: str
    settled: bool
    verdict: Verdict
    trend: Trend | None
    clock: Floats
    minutes: float
    samples: int
    missed: float | None = None
    reason: str = ""
    growing: bool = False

    @property
    def kind(self) -> Kind:
        """Whether it was read at rest or under load."""
        return Kind.SETTLED if self.settled else Kind.PASSIVE

    @property
    def label(self) -> str:
        """What the series is called in a sentence."""
        return label_of(self.series, self.settled)

    def lasts(self, threshold: float) -> bool:
        """Whether growth above a threshold, per minute, is more likely than not to go on: no warm-up, no cache."""
        return self.trend is not None and self.trend.others.probability_above(threshold) > _EVEN_CHANCE

    def bound_in_words(self) -> str:
        """The largest growth that could be there unseen, as a sentence."""
        unit = " KiB" if self.series.endswith("_bytes") else ""
        return (
            f"{self.label} leaves no room for growth above {max(self.missed or 0.0, LEAST_BOUND):,.1f}{unit} a minute"
        )

    def summary(self) -> SeriesEvidence:
        """The same without the arrays."""
        return SeriesEvidence(
            self.series,
            self.kind,
            self.verdict,
            self.trend.growth if self.trend else None,
            self.missed,
            self.reason,
        )


Read = Callable[[Stretch, str, Settings], Evidence]


def memory_under_load(stretch: Stretch, name: str, settings: Settings, *, early: bool = True) -> Evidence:
    """The passive evidence of a column in bytes; ``early``: a short run may show a leak, if nothing is at rest.

    One that is obvious shows there anyway: in heaps, and in anonymous memory if no heap is read.
    """
    scale = kib(settings)
    found = _passive(stretch, name, scale, settings.sequential, early=early)
    if found.verdict is Verdict.LEAK or not may_be_obvious_under_load(stretch, name):
        return found
    few = _few_under_load(stretch, name, scale)
    return few if few and (found.trend is None or few.verdict is Verdict.LEAK) else found


def memory_at_rest(stretch: Stretch, name: str, settings: Settings, *, at_once: bool = True) -> Evidence:
    """The settled evidence of a column in bytes; resident memory at rest may acquit, but holds what malloc keeps.

    ``at_once`` says that a leak may show within a minute or two.
    """
    scale, may_leak = kib(settings, stretch.duration), name not in RESIDENT_SERIES
    found = _settled(
        stretch, name, scale, demands_at_rest(stretch.lasts, sequential=settings.sequential) if may_leak else ()
    )
    if found.verdict is Verdict.LEAK:
        return found
    if found.trend is None and may_leak and at_once and (leak := _leak_at_once(stretch, name, scale)):
        return leak
    few = _few_at_rest(stretch, name, scale, may_leak=may_leak and at_once)
    return few if found.trend is None or few.verdict is Verdict.LEAK else found


def resident_memory(read: Read, stretch: Stretch, settings: Settings) -> Evidence:
    """The evidence of resident memory, by ``read`` at rest or under load.

    Of its parts where they are known: anonymous memory, and shared memory if it ever changes; file pages, which the
    kernel takes and gives, are none of the subject's doing. A leak if any is; else the one that leaves most room.
    """
    shared = stretch.values(SHARED)
    changes = shared is not None and np.nanmin(shared) < np.nanmax(shared)
    parts = (RESIDENT,) if stretch.values(ANONYMOUS) is None else (ANONYMOUS, SHARED) if changes else (ANONYMOUS,)
    found = [read(stretch, part, settings) for part in parts]
    leaks = [part for part in found if part.verdict is Verdict.LEAK]
    return leaks[0] if leaks else max(found, key=lambda part: np.inf if part.missed is None else part.missed)


def count_evidence(stretch: Stretch, name: str, settings: Settings) -> Evidence:
    """The evidence of a column of counts, at rest where there are enough such samples."""
    found = _settled(stretch, name, COUNT, demands_at_rest(stretch.lasts, sequential=settings.sequential))
    if found.trend is None:
        found = _leak_at_once(stretch, name, COUNT) or _passive(stretch, name, COUNT, settings.sequential)
    trend = found.trend
    if trend is None:
        return _rising(found, stretch)
    if np.ptp(trend.floors.y) < _FEWEST_MORE:
        if found.verdict is not Verdict.LEAK:
            return replace(found, growing=False)
        reason = f"{found.reason}, but by fewer than {_FEWEST_MORE:.0f} in all"
        return replace(found, verdict=Verdict.INCONCLUSIVE, reason=reason, growing=False)
    even = trend.low > COUNT.acquit and trend.steadiness > _EVEN_STEPS
    return replace(found, growing=even and found.lasts(COUNT.acquit))


def _rising(found: Evidence, stretch: Stretch) -> Evidence:
    """The same of a count that has no trend yet: growing if readings at rest only ever add to it, to the end."""
    _, y = stretch.points(found.series, stretch.minutes, settled=True)
    if len(y) < FEWEST_READINGS or y[-1] - y[0] < _FEWEST_MORE or (np.diff(y) < 0).any() or y[-1] == y[len(y) // 2]:
        return found
    reason = f"{label_of(found.series, True)} only rises, by {y[-1] - y[0]:.0f} in {len(y)} readings: too few to judge"
    return replace(found, growing=True, reason=reason)


def _passive(stretch: Stretch, name: str, scale: Scale, sequential: bool, *, early: bool = True) -> Evidence:
    """By time; by the work done where that explains the growth far better: a leak per operation, at an uneven pace."""
    by_time = _passive_by(stretch.minutes, stretch, name, scale, sequential, early)
    if by_time.verdict is Verdict.NO_LEAK or by_time.trend is None or stretch.is_even:
        return by_time
    by_work = _passive_by(stretch.work, stretch, name, scale, sequential, early)
    better = by_work.trend is not None and by_work.trend.vagueness < _FAR_BETTER * by_time.trend.vagueness
    return by_work if better and by_work.verdict is not Verdict.NO_LEAK else by_time


def _passive_by(clock: Floats, stretch: Stretch, name: str, scale: Scale, sequential: bool, early: bool) -> Evidence:
    t, y = stretch.points(name, clock, settled=False)
    part = _Part(stretch, t)
    enough = len(t) >= FEWEST_SAMPLES and part.lasts(SHORTEST_MINUTES)
    trend = trend_of_floors(t, y / scale.divisor, scale.step) if enough else None
    nothing = Evidence(name, False, Verdict.INCONCLUSIVE, trend, clock, part.minutes, len(t))
    early = early and not stretch.settled.any()  # else it is known better from there
    found = _decided(nothing, demands_under_load(name, part.lasts, early=early, sequential=sequential), scale)
    if found.verdict is Verdict.LEAK or sequential or not part.lasts(SHORTEST_SEQUENTIAL_MINUTES + LOOKS_IN_A_ROW - 1):
        return found
    fast = _decided(nothing, (SEQUENTIAL_FAST,), scale)
    return fast if fast.verdict is Verdict.LEAK and _held(t, y, scale) else found


def _held(t: Floats, y: Floats, scale: Scale) -> bool:
    """Whether fast growth showed at the looks before the last, as far as a run that goes on is asked for it."""
    for earlier in range(1, LOOKS_IN_A_ROW):
        seen = t <= t[-1] - earlier
        trend = trend_of_floors(t[seen], y[seen] / scale.divisor, scale.step)
        if trend is None or not meets(trend, SEQUENTIAL_FAST, scale.threshold):
            return False
    return True


def _settled(stretch: Stretch, name: str, scale: Scale, demands: tuple[Demand, ...]) -> Evidence:
    """By the work done first, as most leaks are leaks per operation; by time if that shows no leak."""
    by_work = _settled_by(stretch.work, stretch, name, scale, demands)
    if by_work.verdict is Verdict.LEAK or not demands:
        return by_work
    by_time = _settled_by(stretch.minutes, stretch, name, scale, demands)
    return by_time if by_time.verdict is Verdict.LEAK else by_work


def _settled_by(clock: Floats, stretch: Stretch, name: str, scale: Scale, demands: tuple[Demand, ...]) -> Evidence:
    t, y = stretch.points(name, clock, settled=True)
    part = _Part(stretch, t)
    enough = len(t) >= FEWEST_AT_REST and part.lasts(SHORTEST_AT_REST_MINUTES)
    trend = trend_of_floors(t, y / scale.divisor, scale.step, wandering=False) if enough else None
    found = _decided(Evidence(name, True, Verdict.INCONCLUSIVE, trend, clock, part.minutes, len(t)), demands, scale)
    if found.verdict is not Verdict.LEAK or not has_ended(t, y):
        return found
    return replace(found, verdict=Verdict.INCONCLUSIVE, reason=f"{found.reason}; but it grows no more in the end")


def _leak_at_once(stretch: Stretch, name: str, scale: Scale) -> Evidence | None:
    """The evidence of a leak that shows before there are floors and a tail; None where none does."""
    for clock in (stretch.work, stretch.minutes):
        t, y = stretch.points(name, clock, settled=True)
        part = _Part(stretch, t)
        if len(t) < _FEWEST_AT_ONCE or not part.lasts(_SHORTEST_AT_ONCE_MINUTES):
            continue
        trend = trend_of_floors(t, y / scale.divisor, scale.step, wandering=False, tail_from=_AT_ONCE_FROM)
        found = Evidence(name, True, Verdict.INCONCLUSIVE, trend, clock, part.minutes, len(t))
        found = _decided(found, AT_REST_AT_ONCE, scale)
        if found.verdict is Verdict.LEAK and not has_ended(t, y):
            return found
    return None


def _few_at_rest(stretch: Stretch, name: str, scale: Scale, *, may_leak: bool) -> Evidence:
    """What can be said at once, or of a run that is too short for floors."""
    t, y = stretch.points(name, stretch.work, settled=True)
    part = _Part(stretch, stretch.points(name, stretch.minutes, settled=True)[0])
    enough = len(t) >= FEWEST_READINGS and part.lasts(SHORTEST_FOR_FEW_MINUTES) and t[-1] > t[0]
    trend = trend_of_few(*without_strays(t, y / scale.divisor), scale.step) if enough else None
    found = Evidence(name, True, Verdict.INCONCLUSIVE, trend, stretch.work, part.minutes, len(t))
    if trend is None:
        return _decided(found, (), scale)
    told = growth_in_words(found.label, trend, scale)
    if may_leak and (why := obvious_at_rest(trend, stretch, name)):
        return replace(found, verdict=Verdict.LEAK, reason=f"{told}, {why}")
    found = replace(found, missed=max(trend.high, trend.resolution))
    acquits = len(t) >= FEWEST_TO_ACQUIT and part.lasts(SHORTEST_AT_REST_MINUTES) and trend.low <= scale.threshold
    if acquits and found.missed is not None and found.missed < scale.acquit:
        return replace(found, verdict=Verdict.NO_LEAK, reason=found.bound_in_words())
    if trend.growth.low > scale.threshold:
        return replace(found, reason=f"{told}, which so shortly may still be {filling_in_words(trend.floors, scale)}")
    return replace(found, reason=f"{told}, by too few readings, or over too short a time, to tell")


def _few_under_load(stretch: Stretch, name: str, scale: Scale) -> Evidence | None:
    """What fast growth shows in a run that is short for floors, by the work done; None where there is none."""
    t, y = stretch.points(name, stretch.work, settled=False)
    part = _Part(stretch, t)
    if not part.lasts(SHORTEST_COUNTED_MINUTES):
        return None
    started = once_started(t, y / scale.divisor)
    if len(started) < FEWEST_UNDER_LOAD or started.t[0] == started.t[-1]:
        return None
    trend = trend_of_few(started.t, started.y, scale.step)
    if not is_fast(trend):
        return None
    found = Evidence(name, False, Verdict.INCONCLUSIVE, trend, stretch.work, part.minutes, len(t))
    told = growth_in_words(found.label, trend, scale)
    if part.lasts(shortest_under_load(stretch)) and is_obvious_under_load(trend, scale.threshold):
        return replace(found, verdict=Verdict.LEAK, reason=f"{told}, far above all noise, and what it held before")
    return replace(found, reason=f"{told}, which so shortly may still be {filling_in_words(trend.floors, scale)}")


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of a stretch that a series was read over: ``t`` are its samples' times by either clock."""

    stretch: Stretch
    t: Floats

    @property
    def minutes(self) -> float:
        return float(self.t[-1] - self.t[0]) if len(self.t) else 0.0

    def lasts(self, minutes: float) -> bool:
        """Whether the stretch is so long, and the series was read over most of it."""
        return self.stretch.lasts(minutes) and self.minutes >= _MOST_OF_A_LENGTH * minutes


def _decided(evidence: Evidence, demands: tuple[Demand, ...], scale: Scale) -> Evidence:
    """The same with its verdict and the reason for it."""
    trend = evidence.trend
    if trend is None:
        return replace(evidence, reason=too_little_in_words(evidence.label, evidence.samples, evidence.minutes))
    missed = trend.missed(scale.acquit)
    even = trend.low > scale.threshold and trend.steadiness > _EVEN_STEPS
    growing = evidence.settled and even and evidence.lasts(scale.threshold)
    told = growth_in_words(evidence.label, trend, scale)
    if any(meets(trend, demand, scale.threshold) for demand in demands):
        verdict, reason = (
            Verdict.LEAK,
            f"{told}{lasting_in_words(trend, scale)}, beyond what warm-up, caches or noise explain",
        )
    elif missed < scale.acquit and not growing:
        verdict, reason = Verdict.NO_LEAK, replace(evidence, missed=missed).bound_in_words()
    elif trend.growth.low <= scale.threshold:
        verdict, reason = Verdict.INCONCLUSIVE, f"{told}: too noisy to tell growth from none"
    else:
        verdict, reason = Verdict.INCONCLUSIVE, f"{told}, which may still be {filling_in_words(trend.floors, scale)}"
    return replace(evidence, verdict=verdict, missed=missed, growing=growing, reason=reason)
