"""What few readings can show, in a run of a minute or two: at rest they are nearly free of noise, but for warm-up.

A line through all of them but the strays, instead of floors and a tail. Two readings may differ by `REPEATABLE_BYTES`
without anything having grown, so its error is never taken for less than that.
"""

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.floors import Floors
from exporter.analysis.slope import Slope, detrend, line
from exporter.analysis.trend import TWO_SIDED_95, TWO_SIDED_99, Trend
from exporter.record.sample import REPEATABLE_BYTES

FEWEST_READINGS = 4
FEWEST_TO_ACQUIT = 6
SHORTEST_FOR_FEW_MINUTES = 0.75
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
