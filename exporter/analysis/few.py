"""What few readings at rest can show, in a run of a minute or two: they are nearly free of noise, but for warm-up.

A line through all of them, instead of floors and a tail. Two readings may differ by `REPEATABLE_BYTES` without anything
having grown, so its error is never taken for less than that.
"""

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.floors import Floors
from exporter.analysis.slope import Slope, detrend
from exporter.analysis.stretch import Stretch
from exporter.analysis.trend import TWO_SIDED_95, TWO_SIDED_99, Trend
from exporter.record.sample import REPEATABLE_BYTES

FEWEST_READINGS = 4
FEWEST_TO_ACQUIT = 6
SHORTEST_FOR_FEW_MINUTES = 0.75
# So fast that no warm-up and no cache seen keeps it up so evenly: those of 30 MB slow down within the run.
OBVIOUS_KIB_PER_MIN = 5120.0
EVEN_SHARE = 0.75
_FEWEST_ABANDONED = 8

_REPEATABLE_KIB = REPEATABLE_BYTES / 1024


def trend_of_few(t: Floats, y: Floats, step: float) -> Trend:
    """The trend of the readings ``y``, KiB, at ``t`` minutes, at least four of them and not all at once."""
    x = t - t.mean()
    residuals = detrend(t, y)
    freedom = len(t) - 2
    error = float(np.sqrt((residuals @ residuals / freedom + _REPEATABLE_KIB**2) / (x @ x)))
    line = Slope(float(x @ y / (x @ x)), error, freedom, 0.0)
    bounds = line.bounds(TWO_SIDED_99)
    return Trend(
        floors=Floors(t, y),
        growth=line.bounds(TWO_SIDED_95),
        low=bounds.low,
        low_from=0.0,
        high=bounds.high,
        slowing=False,
        resolution=step / float(t[-1] - t[0]),
        tail_from=0.0,
        few=True,
    )


def is_obvious(trend: Trend, stretch: Stretch) -> bool:
    """Whether growth is far above all noise, and does not slow down or goes with instances that hold descriptors."""
    fast = trend.growth.value > OBVIOUS_KIB_PER_MIN and trend.low > OBVIOUS_KIB_PER_MIN / 2
    return fast and (_evenness(trend.floors) > EVEN_SHARE or _left_behind(stretch))


def _left_behind(stretch: Stretch) -> bool:
    """Whether instances were abandoned, and at least a descriptor stayed open for each of them."""
    abandoned, descriptors = (_risen_at_rest(stretch, name) for name in ("abandoned_instances", "open_fds"))
    return abandoned >= _FEWEST_ABANDONED and descriptors >= abandoned


def _risen_at_rest(stretch: Stretch, name: str) -> float:
    _, values = stretch.points(name, stretch.minutes, settled=True)
    return float(values[-1] - values[0]) if len(values) else 0.0


def _evenness(readings: Floors) -> float:
    """The slope at the end as a share of the slope at the start, by a parabola."""
    x = (readings.t - readings.t[0]) / (readings.t[-1] - readings.t[0])
    _, start, bend = np.linalg.lstsq(np.stack((np.ones_like(x), x, x * x), axis=1), readings.y)[0]
    return float((start + 2 * bend) / start) if start > 0 else np.inf
