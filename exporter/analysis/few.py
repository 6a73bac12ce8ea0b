"""What few readings at rest can show, in a run of a minute or two: they are nearly free of noise, but for warm-up.

A line through all of them but the strays, instead of floors and a tail. Two readings may differ by `REPEATABLE_BYTES`
without anything having grown, so its error is never taken for less than that.
"""

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.floors import Floors
from exporter.analysis.slope import Slope, detrend, line
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
_STRAY_SHARE = 0.25
_STRAY_ERRORS = 3.0

_REPEATABLE_KIB = REPEATABLE_BYTES / 1024


def without_strays(t: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The readings without those that were taken with something still in flight, such as a connection being closed.

    What is in flight adds memory for a moment: a stray lies far above the line of the others. At most a quarter are
    left out, never two in a row, and six stay.
    """
    kept = np.arange(len(t))
    for _ in range(min(int(_STRAY_SHARE * len(t)), len(t) - FEWEST_TO_ACQUIT)):
        above = [_above_the_others(t[kept], y[kept], place) for place in range(len(kept))]
        stray = int(np.argmax(above))
        beside = np.diff(kept, prepend=-1, append=len(t))[stray : stray + 2]
        if above[stray] <= _STRAY_ERRORS or (beside > 1).any():
            break
        kept = np.delete(kept, stray)
    return t[kept], y[kept]


def _above_the_others(t: Floats, y: Floats, place: int) -> float:
    """How far a reading lies above the line through the others, in their spread or what readings may differ by."""
    others = np.delete(np.arange(len(t)), place)
    slope = line(t[others], y[others])
    residuals = y - y[others].mean() - slope * (t - t[others].mean())
    spread = np.sqrt(residuals[others] @ residuals[others] / (len(others) - 2))
    return float(residuals[place] / max(spread, _REPEATABLE_KIB))


def trend_of_few(t: Floats, y: Floats, step: float) -> Trend:
    """The trend of the readings ``y``, KiB, at ``t`` minutes, at least four of them and not all at once."""
    x = t - t.mean()
    residuals = detrend(t, y)
    freedom = len(t) - 2
    error = float(np.sqrt((residuals @ residuals / freedom + _REPEATABLE_KIB**2) / (x @ x)))
    slope = Slope(float(x @ y / (x @ x)), error, freedom, 0.0)
    bounds = slope.bounds(TWO_SIDED_99)
    return Trend(
        floors=Floors(t, y),
        growth=slope.bounds(TWO_SIDED_95),
        low=bounds.low,
        low_from=0.0,
        high=bounds.high,
        slowing=False,
        resolution=step / float(t[-1] - t[0]),
        tail_from=0.0,
        few=True,
    )


def is_obvious(trend: Trend) -> bool:
    """Whether growth is far above all noise, and does not slow down."""
    fast = trend.growth.value > OBVIOUS_KIB_PER_MIN and trend.low > OBVIOUS_KIB_PER_MIN / 2
    return fast and _evenness(trend.floors) > EVEN_SHARE


def left_behind(stretch: Stretch, name: str) -> float:
    """How many abandoned instances left memory behind in the column ``name``, and each of them a descriptor; 0 if few.

    Against their number growth is steady, however slow the machine is and however uneven its pace.
    """
    (_, y), (_, abandoned), (_, descriptors) = (
        stretch.points(each, stretch.minutes, settled=True) for each in (name, "abandoned_instances", "open_fds")
    )
    if not len(y) == len(abandoned) == len(descriptors) or len(y) < FEWEST_READINGS:
        return 0.0
    left = float(abandoned[-1] - abandoned[0])
    if left < _FEWEST_ABANDONED or descriptors[-1] - descriptors[0] < left:
        return 0.0
    return left if trend_of_few(abandoned, y / 1024, 0.0).low > 0 else 0.0


def _evenness(readings: Floors) -> float:
    """The slope at the end as a share of the slope at the start, by a parabola."""
    x = (readings.t - readings.t[0]) / (readings.t[-1] - readings.t[0])
    _, start, bend = np.linalg.lstsq(np.stack((np.ones_like(x), x, x * x), axis=1), readings.y)[0]
    return float((start + 2 * bend) / start) if start > 0 else np.inf
