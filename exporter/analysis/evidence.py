"""What one series shows by itself, under load or at rest; the rule is derived in docs/verdict.md."""

from dataclasses import dataclass, replace

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.judgement import SeriesEvidence, Settings, Verdict
from exporter.analysis.stretch import Stretch
from exporter.analysis.trend import Trend, trend_of_floors
from exporter.record.columns import BY_NAME

FEWEST_SAMPLES = 24
FEWEST_AT_REST = 10
SHORTEST_MINUTES = 5.0
SHORTEST_AT_REST_MINUTES = 2.0
SHORTEST_FOR_LEAK_MINUTES = 20.0
LONG_RUN_MINUTES = 45.0

_COUNT_THRESHOLD_PER_MIN = 0.1
_COUNT_ACQUIT_PER_MIN = 0.5
_PAGE_KIB = 4.0
_EVEN_CHANCE = 0.5
_EVEN_STEPS = 2.0  # buffers that grow by the piece make a step now and then
_FEWEST_MORE = 10.0  # descriptors or threads that a leak must have added


def label_of(series: str, settled: bool) -> str:
    """What a series is called in a sentence."""
    column = BY_NAME.get(series)
    return (column.label if column and column.label else series) + (" at rest" if settled else "")


@dataclass(frozen=True, slots=True)
class Demand:
    """What a leak has to show: growth above ``floor``, of which a share is likely to last, in steady steps."""

    floor: float
    probability: float
    steadiness: float
    lasting_share: float = 0.35


# The second of each is for growth so fast, at rest so even, that no cache seen keeps it up.
LONG_RUN = (Demand(0.0, 0.95, 1.5), Demand(150.0, 0.8, 0.0))
SHORT_RUN = (Demand(0.0, 0.97, 2.5), Demand(600.0, 0.9, 1.0))
AT_REST = (Demand(0.0, 0.97, 3.0, 0.5), Demand(0.0, 0.9, 8.0, 0.5))
# Looked at every minute, four looks in a row.
SEQUENTIAL_FAST = Demand(650.0, 0.9, 2.0)
SEQUENTIAL_LONG = (Demand(0.0, 0.99, 3.0, 0.5), SEQUENTIAL_FAST)
SEQUENTIAL_AT_REST = (Demand(0.0, 0.98, 3.0, 0.5), Demand(0.0, 0.95, 8.0, 0.5))
SHORTEST_SEQUENTIAL_MINUTES = 13.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """One series' verdict and the trend behind it (None when it is too short for one); see `SeriesEvidence`.

    ``clock`` is the one of the stretch that the trend was found by: minutes, or work at the run's average pace.
    ``missed`` is the largest growth that could be there unseen; ``growing`` says that growth that matters shows at
    rest, in even steps, and is more likely to last than not.
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
    def label(self) -> str:
        """What the series is called in a sentence."""
        return label_of(self.series, self.settled)

    def lasts(self, threshold: float) -> bool:
        """Whether growth above a threshold, per minute, is more likely than not to go on: no warm-up, no cache."""
        return self.trend is not None and self.trend.others.probability_above(threshold) > _EVEN_CHANCE

    def bound_in_words(self) -> str:
        """The largest growth that could be there unseen, as a sentence."""
        unit = " KiB" if self.series.endswith("_bytes") else ""
        return f"{self.label} leaves no room for growth above {self.missed or 0.0:.1f}{unit} a minute"

    def summary(self) -> SeriesEvidence:
        """The same without the arrays."""
        return SeriesEvidence(
            self.series,
            "settled" if self.settled else "passive",
            self.verdict,
            self.trend.growth if self.trend else None,
            self.missed,
            self.reason,
        )


@dataclass(frozen=True, slots=True)
class _Scale:
    """What a column counts in which steps, from where on growth matters, and which growth an acquittal excludes."""

    divisor: float
    unit: str
    step: float
    threshold: float
    acquit: float


def _kib(settings: Settings) -> _Scale:
    return _Scale(1024.0, " KiB", _PAGE_KIB, settings.threshold_kib_per_min, settings.acquit_kib_per_min)


_COUNT = _Scale(1.0, "", 1.0, _COUNT_THRESHOLD_PER_MIN, _COUNT_ACQUIT_PER_MIN)


def memory_under_load(stretch: Stretch, name: str, settings: Settings) -> Evidence:
    """The passive evidence of a column in bytes."""
    return _passive(stretch, name, _kib(settings), settings.sequential)


def memory_at_rest(stretch: Stretch, name: str, settings: Settings) -> Evidence:
    """The settled evidence of a column in bytes; resident memory at rest may acquit, but holds what malloc keeps."""
    return _settled(stretch, name, _kib(settings), () if name == "rss_bytes" else _demands_at_rest(settings.sequential))


def count_evidence(stretch: Stretch, name: str, settings: Settings) -> Evidence:
    """The evidence of a column of counts, at rest where there are enough such samples."""
    found = _settled(stretch, name, _COUNT, _demands_at_rest(settings.sequential))
    if found.trend is None:
        found = _passive(stretch, name, _COUNT, settings.sequential)
    trend = found.trend
    if found.verdict is Verdict.LEAK and trend is not None and np.ptp(trend.floors.y) < _FEWEST_MORE:
        reason = f"{found.reason}, but by fewer than {_FEWEST_MORE:.0f} in all"
        return replace(found, verdict=Verdict.INCONCLUSIVE, reason=reason)
    return found


def _passive(stretch: Stretch, name: str, scale: _Scale, sequential: bool) -> Evidence:
    t, y = stretch.points(name, stretch.minutes, settled=False)
    minutes = float(t[-1] - t[0]) if len(t) else 0.0
    enough = len(t) >= FEWEST_SAMPLES and minutes >= SHORTEST_MINUTES
    trend = trend_of_floors(t, y / scale.divisor, scale.step) if enough else None
    nothing = Evidence(name, False, Verdict.INCONCLUSIVE, trend, stretch.minutes, minutes, len(t))
    return _decided(nothing, _demands_under_load(minutes, sequential), scale)


def _settled(stretch: Stretch, name: str, scale: _Scale, demands: tuple[Demand, ...]) -> Evidence:
    """By the work done first, as most leaks are leaks per operation; by time if that shows no leak."""
    by_work = _settled_by(stretch.work, stretch, name, scale, demands)
    if by_work.verdict is Verdict.LEAK or not demands:
        return by_work
    by_time = _settled_by(stretch.minutes, stretch, name, scale, demands)
    return by_time if by_time.verdict is Verdict.LEAK else by_work


def _settled_by(clock: Floats, stretch: Stretch, name: str, scale: _Scale, demands: tuple[Demand, ...]) -> Evidence:
    t, y = stretch.points(name, clock, settled=True)
    minutes = float(t[-1] - t[0]) if len(t) else 0.0
    enough = len(t) >= FEWEST_AT_REST and minutes >= SHORTEST_AT_REST_MINUTES
    trend = trend_of_floors(t, y / scale.divisor, scale.step, wandering=False) if enough else None
    return _decided(Evidence(name, True, Verdict.INCONCLUSIVE, trend, clock, minutes, len(t)), demands, scale)


def _demands_under_load(minutes: float, sequential: bool) -> tuple[Demand, ...]:
    if sequential:
        if minutes < SHORTEST_SEQUENTIAL_MINUTES:
            return ()
        return SEQUENTIAL_LONG if minutes >= LONG_RUN_MINUTES else (SEQUENTIAL_FAST,)
    if minutes < SHORTEST_FOR_LEAK_MINUTES:
        return ()
    return LONG_RUN if minutes >= LONG_RUN_MINUTES else SHORT_RUN


def _demands_at_rest(sequential: bool) -> tuple[Demand, ...]:
    return SEQUENTIAL_AT_REST if sequential else AT_REST


def _decided(evidence: Evidence, demands: tuple[Demand, ...], scale: _Scale) -> Evidence:
    """The same with its verdict and the reason for it."""
    label, trend = evidence.label, evidence.trend
    if trend is None:
        reason = (
            f"{evidence.samples} samples of {label} over {evidence.minutes:.1f} min are too few, or too short, to judge"
        )
        return replace(evidence, reason=reason)
    growth, missed = trend.growth, trend.missed(scale.acquit)
    even = trend.low > scale.threshold and trend.steadiness > _EVEN_STEPS
    growing = evidence.settled and even and evidence.lasts(scale.threshold)
    told = f"{label} grows by {growth.value:.1f}{scale.unit} a minute ({growth.low:.1f} to {growth.high:.1f})"
    if any(_meets(trend, demand, scale.threshold) for demand in demands):
        verdict, reason = Verdict.LEAK, f"{told}, beyond what warm-up, caches or noise explain"
    elif missed < scale.acquit and not growing:
        verdict, reason = Verdict.NO_LEAK, replace(evidence, missed=missed).bound_in_words()
    elif trend.low <= scale.threshold:
        verdict, reason = Verdict.INCONCLUSIVE, f"{told}: too noisy to tell growth from none"
    else:
        verdict, reason = Verdict.INCONCLUSIVE, f"{told}, which may still be warm-up or a cache filling"
    return replace(evidence, verdict=verdict, missed=missed, growing=growing, reason=reason)


def _meets(trend: Trend, demand: Demand, threshold: float) -> bool:
    lasting = max(threshold, demand.lasting_share * trend.growth.value)
    return (
        trend.low > max(demand.floor, threshold)
        and trend.steadiness > demand.steadiness
        and trend.others.probability_above(lasting) > demand.probability
    )
