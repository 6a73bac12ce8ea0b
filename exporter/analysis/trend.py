"""The trend of one series, with everything that the verdict asks of it."""

from dataclasses import dataclass

import numpy as np

from exporter.analysis.alternatives import Alternatives, alternatives
from exporter.analysis.csv_cells import Floats
from exporter.analysis.floors import Floors, all_floors
from exporter.analysis.judgement import Interval
from exporter.analysis.slope import FEWEST_POINTS, Slope, slope

TAIL_SHARE = 0.4
LATE_SHARE = 0.65
_EARLIER_SHARES = (0.0, 0.1, 0.2, 0.3)
_SAME_SLOPE = 0.25  # standard errors
_TWO_SIDED_99 = 0.98  # its ends are one-sided 99 % bounds
_BLOCKS = 12
_MISSED_PROBABILITY = 0.03


@dataclass(frozen=True, slots=True)
class Trend:
    """Growth per minute of a series' low edge.

    ``low`` is a one-sided 99 % bound, from the tail of the run or from more of it where that changes nothing;
    ``missed`` is the largest growth that the series does not exclude. ``steadiness`` is the t statistic of the steps
    between blocks of the part that gave ``low``.
    """

    floors: Floors
    growth: Interval
    low: float
    missed: float
    steadiness: float
    others: Alternatives


def trend_of_floors(t: Floats, y: Floats, step: float) -> Trend | None:
    """The trend of the samples ``y`` at ``t`` minutes (shapes (samples,)); None when they are too few.

    ``step`` is the smallest change that ``y`` can show.
    """
    best: tuple[float, Floors, Slope] | None = None
    for candidate in all_floors(t, y):
        tail = candidate.after(t[0] + TAIL_SHARE * (t[-1] - t[0]))
        if len(tail) < FEWEST_POINTS:
            continue
        found = slope(tail.t, tail.y)
        reach = found.value - found.bounds(_TWO_SIDED_99).low
        if best is None or reach < best[0]:
            best = reach, candidate, found
    return None if best is None else _trend(best[1], best[2], step)


def _trend(floors: Floors, tail: Slope, step: float) -> Trend:
    start, span = float(floors.t[0]), float(floors.t[-1] - floors.t[0])
    bounds = tail.bounds(_TWO_SIDED_99)
    low, high, low_from = bounds.low, bounds.high, TAIL_SHARE
    for share in _EARLIER_SHARES:
        part = floors.after(start + share * span)
        longer = slope(part.t, part.y)
        bounds = longer.bounds(_TWO_SIDED_99)
        # Taking in more of the run may not make growth look faster (warm-up), nor slower for the upper bound.
        if longer.value <= tail.value + _SAME_SLOPE * tail.error and bounds.low > low:
            low, low_from = bounds.low, share
        if longer.value >= tail.value - _SAME_SLOPE * tail.error:
            high = min(high, bounds.high)
    late_part = floors.after(start + LATE_SHARE * span)
    late = slope(late_part.t, late_part.y) if len(late_part) >= FEWEST_POINTS - 2 else tail
    others = alternatives(floors.t, floors.y)
    missed = max(high, late.bounds(_TWO_SIDED_99).high)
    if late.value <= tail.value:
        missed = min(missed, others.upper_bound(_MISSED_PROBABILITY))
    resolution = step / ((1 - TAIL_SHARE) * span)
    return Trend(
        floors,
        tail.bounds(0.95),
        low,
        max(missed, resolution),
        _steadiness(floors.after(start + low_from * span).y),
        others,
    )


def _steadiness(y: Floats) -> float:
    """The mean step between twelve blocks' medians against its spread: few large steps give a small value."""
    medians = np.array([np.median(block) for block in np.array_split(y, min(_BLOCKS, len(y)))])
    steps = np.diff(medians)
    spread = float(steps.std(ddof=1)) / np.sqrt(len(steps))
    mean = float(steps.mean())
    return mean / spread if spread > 0 else np.sign(mean) * np.inf if mean else 0.0
