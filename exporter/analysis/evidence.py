"""What one series shows by itself, under load or at rest; the rule is derived in docs/verdict-method.md."""

from dataclasses import dataclass, replace

from exporter.analysis.csv_cells import Floats
from exporter.analysis.demands import Demand, meets
from exporter.analysis.judgement import LEAST_BOUND, Kind, SeriesEvidence
from exporter.analysis.scales import Scale
from exporter.analysis.stretch import Stretch
from exporter.analysis.trend import Trend
from exporter.analysis.words import filling_in_words, growth_in_words, lasting_in_words, too_little_in_words
from exporter.record.columns import BY_NAME
from exporter.record.terms import Verdict

_MOST_OF_A_LENGTH = 0.9
_EVEN_CHANCE = 0.5
EVEN_STEPS = 2.0  # buffers that grow by the piece make a step now and then


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


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a stretch that a series was read over: ``t`` are its samples' times by either clock."""

    stretch: Stretch
    t: Floats

    @property
    def minutes(self) -> float:
        return float(self.t[-1] - self.t[0]) if len(self.t) else 0.0

    def lasts(self, minutes: float) -> bool:
        """Whether the stretch is so long, and the series was read over most of it."""
        return self.stretch.lasts(minutes) and self.minutes >= _MOST_OF_A_LENGTH * minutes


def decided(evidence: Evidence, demands: tuple[Demand, ...], scale: Scale) -> Evidence:
    """The same with its verdict and the reason for it."""
    trend = evidence.trend
    if trend is None:
        return replace(evidence, reason=too_little_in_words(evidence.label, evidence.samples, evidence.minutes))
    missed = trend.missed(scale.acquit)
    even = trend.low > scale.threshold and trend.steadiness > EVEN_STEPS
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
