"""What few readings can show, in a run of a minute or two: at rest they are nearly free of noise, but for warm-up.

A line through all of them, instead of floors and a tail. Two readings may differ by `REPEATABLE_BYTES` without anything
having grown, so its error is never taken for less than that.
"""

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.floors import Floors
from exporter.analysis.slope import Slope, detrend
from exporter.analysis.trend import TWO_SIDED_95, TWO_SIDED_99, Trend
from exporter.record.sample import REPEATABLE_BYTES

FEWEST_READINGS = 4
FEWEST_TO_ACQUIT = 6
SHORTEST_FOR_FEW_MINUTES = 0.75

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
