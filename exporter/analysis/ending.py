"""Whether growth that was steady has ended: a cache that filled evenly is told from a leak by being full."""

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.slope import line

_END_SHARE = 0.05
_FEWEST_AT_END = 4
_BEGIN_SHARE = 0.4  # warm-up is over by then
_FEWEST_BEFORE = 6
_STILL_GROWS = 0.5
_STANDARD_ERRORS = 3.0


def has_ended(t: Floats, y: Floats) -> bool:
    """Whether the readings ``y`` at ``t`` minutes (shapes (readings,)) show that they grow no more.

    Their last steps, a twentieth of all, have to come to less than half of what they would have at the slope before
    that, and by more than three standard errors. What is as noisy as it grows is never said to have ended.
    """
    last = max(_FEWEST_AT_END, round(_END_SHARE * len(t)))
    first = int(np.searchsorted(t, t[0] + _BEGIN_SHARE * (t[-1] - t[0])))
    before = slice(first, len(t) - last)
    if len(t[before]) < _FEWEST_BEFORE:
        return False
    rate = line(t[before], y[before])
    spread = float(np.std(np.diff(y[before]) - rate * np.diff(t[before])))
    expected = rate * float(t[-1] - t[-1 - last])
    missing = expected - float(y[-1] - y[-1 - last])
    return bool(missing > _STILL_GROWS * expected and missing > _STANDARD_ERRORS * spread * np.sqrt(last))
