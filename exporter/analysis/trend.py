"""The trend of one series, with everything that the verdict asks of it."""

from dataclasses import dataclass
from functools import cached_property
from statistics import median

import numpy as np

from exporter.analysis.alternatives import Alternatives, alternatives
from exporter.analysis.csv_cells import Floats
from exporter.analysis.floors import Floors, all_floors
from exporter.analysis.judgement import Interval
from exporter.analysis.levelling import level_part
from exporter.analysis.slope import FEWEST_POINTS, Slope, line, slope

TAIL_SHARE = 0.4
LATE_SHARE = 0.65
_EARLIER_SHARES = (0.0, 0.1, 0.2, 0.3)
_SAME_SLOPE = 0.25  # standard errors
TWO_SIDED_99 = 0.98  # its ends are one-sided 99 % bounds
_TWO_SIDED_90 = 0.90  # its ends are one-sided 95 % bounds
TWO_SIDED_95 = 0.95
_BLOCKS = 12
_MISSED_PROBABILITY = 0.03
_HARDLY_KNOWN = 10.0  # times what is enough
_STARTED_SHARE = 0.1
_FEWEST_PER_HALF = 3


@dataclass(frozen=True)
class Trend:
    """Growth per minute of a series' low edge; what costs most is worked out when it is asked for.

    ``growth`` has its 95 % interval, at least as wide as one step of the scale at either end of the tail,
    unless nothing has moved.
    ``low`` and ``high`` are one-sided 99 % bounds, from the tail of the run or from more of it where that changes
    nothing; ``high`` is at least the 95 % bound of the last third. ``level_high`` is the upper bound since growth has
    levelled off, infinite where it has not. ``low_from`` is the share of the run that ``low`` begins at, ``slowing``
    whether the last third grows no faster than the tail, ``resolution`` the growth that one step of the scale over the
    tail makes. ``tail_from`` is the share of the run that growth is fitted from; ``few`` says
    that there are too few points to tell growth that levels off from growth that does not.
    """

    floors: Floors
    growth: Interval
    low: float
    low_from: float
    high: float
    slowing: bool
    resolution: float
    level_high: float = np.inf
    tail_from: float = TAIL_SHARE
    few: bool = False

    @property
    def tail(self) -> Floors:
        """The floors that the growth was fitted to."""
        start, end = self.floors.t[0], self.floors.t[-1]
        return self.floors.after(float(start + self.tail_from * (end - start)))

    @property
    def warmup(self) -> float | None:
        """The minutes after which nine tenths of what levels off are there; None where that can't be told."""
        return None if self.few else self.others.warmup

    @property
    def vagueness(self) -> float:
        """The width of growth's interval as a share of the growth; infinite where there is none."""
        return (self.growth.high - self.growth.low) / self.growth.value if self.growth.value > 0 else np.inf

    @cached_property
    def others(self) -> Alternatives:
        """What growth that levels off would explain."""
        return alternatives(self.floors.t, self.floors.y)

    @cached_property
    def steadiness(self) -> float:
        """The mean step between twelve blocks' medians against its spread: few large steps give a small value."""
        t = self.floors.t
        y = self.floors.after(t[0] + self.low_from * (t[-1] - t[0])).y
        medians = np.array([median(block.tolist()) for block in np.array_split(y, min(_BLOCKS, len(y)))])
        steps = np.diff(medians)
        spread = float(steps.std(ddof=1)) / np.sqrt(len(steps))
        mean = float(steps.mean())
        return mean / spread if spread > 0 else float(np.sign(mean)) * np.inf if mean else 0.0

    @cached_property
    def evenness(self) -> float:
        """The growth of the second half as a share of that of the first, once the run has started; 0 if unknown."""
        start, end = self.floors.t[0], self.floors.t[-1]
        started = self.floors.after(float(start + _STARTED_SHARE * (end - start)))
        later = started.t >= (started.t[0] + end) / 2
        halves = [Floors(started.t[half], started.y[half]) for half in (~later, later)]
        if min(map(len, halves)) < _FEWEST_PER_HALF:
            return 0.0
        first, second = (line(half.t, half.y) for half in halves)
        return second / first if first > 0 else np.inf

    def missed(self, enough: float) -> float:
        """The largest growth that the series does not exclude.

        The slope's bound, if below ``enough``; otherwise that since growth has levelled off, and, if growth is slowing,
        what the alternatives leave of it after as long again. They take the noise for what it is around them, so that
        where the slope itself is hardly known nothing follows.
        """
        bound = self.high if self.high < enough else min(self.high, self.level_high)
        known = self.growth.high - self.growth.low <= _HARDLY_KNOWN * enough
        if bound >= enough and self.slowing and known:
            bound = min(bound, self.others.afterwards.upper_bound(_MISSED_PROBABILITY))
        return max(bound, self.resolution)


def trend_of_floors(
    t: Floats, y: Floats, step: float, *, wandering: bool = True, tail_from: float = TAIL_SHARE
) -> Trend | None:
    """The trend of the samples ``y`` at ``t`` minutes (shapes (samples,)); None when they are too few.

    ``step`` is the smallest change that ``y`` can show; ``wandering`` says that its noise may be a random walk.
    ``tail_from`` is the share of the run that growth is fitted from.
    """
    best: tuple[float, Floors, Slope] | None = None
    for candidate in all_floors(t, y):
        tail = candidate.after(t[0] + tail_from * (t[-1] - t[0]))
        if len(tail) < FEWEST_POINTS:
            continue
        found = slope(tail.t, tail.y, wandering=wandering)
        reach = found.value - found.bounds(TWO_SIDED_99).low
        if best is None or reach < best[0]:
            best = reach, candidate, found
    return None if best is None else _trend(best[1], best[2], step, wandering, tail_from)


def _trend(floors: Floors, tail: Slope, step: float, wandering: bool, tail_from: float) -> Trend:
    start, span = float(floors.t[0]), float(floors.t[-1] - floors.t[0])
    bounds = tail.bounds(TWO_SIDED_99)
    low, high, low_from = bounds.low, bounds.high, tail_from
    for share in filter(lambda share: share < tail_from, _EARLIER_SHARES):
        part = floors.after(start + share * span)
        longer = slope(part.t, part.y, wandering=wandering)
        bounds = longer.bounds(TWO_SIDED_99)
        # Taking in more of the run may not make growth look faster (warm-up), nor slower for the upper bound.
        if longer.value <= tail.value + _SAME_SLOPE * tail.error and bounds.low > low:
            low, low_from = bounds.low, share
        if longer.value >= tail.value - _SAME_SLOPE * tail.error:
            high = min(high, bounds.high)
    late_part = floors.after(start + LATE_SHARE * span)
    late = slope(late_part.t, late_part.y, wandering=wandering) if len(late_part) >= FEWEST_POINTS else tail
    high = max(high, late.bounds(_TWO_SIDED_90).high)
    resolution = step / ((1 - tail_from) * span)
    growth = tail.bounds(TWO_SIDED_95)
    if np.ptp(floors.after(start + tail_from * span).y) > 0:
        growth = growth.at_least(resolution)
    level = level_part(floors)
    level_high = np.inf if level is None else slope(level.t, level.y, wandering=wandering).bounds(TWO_SIDED_99).high
    return Trend(
        floors,
        growth,
        low,
        low_from,
        high,
        late.value <= tail.value,
        resolution,
        level_high=level_high,
        tail_from=tail_from,
    )
