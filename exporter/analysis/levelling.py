"""Whether growth has levelled off: what fills evenly, or in a warm-up, and then stays as it is."""

import numpy as np

from exporter.analysis.floors import Floors
from exporter.analysis.slope import FEWEST_POINTS

SHORTEST_LEVEL_MINUTES = 5.0
_NEARLY_ALL = 0.95
_LEVELS = 10
_STILL_RISES = 0.1
_LEAST_SHARE = 1 / 3
_TIMES_THE_LONGEST_PAUSE = 3.0


def level_part(floors: Floors) -> Floors | None:
    """The points since 95 % of the rise were there; None where they don't tell that the rise is over.

    They have to last for five minutes, for a third of the time, and for three times the longest pause that the rise had
    made: what grows by steps, now and then, stands still between them as well.
    """
    t, y = floors.t, floors.y
    end = float(np.median(y[t >= t[-1] - _LEAST_SHARE * (t[-1] - t[0])]))
    rise = end - float(y[0])
    if rise <= 0:
        return None
    reached = np.array([t[np.argmax(y >= y[0] + share * rise)] for share in np.linspace(0, _NEARLY_ALL, _LEVELS + 1)])
    lasts = float(t[-1] - reached[-1])
    level = floors.after(float(reached[-1]) + _STILL_RISES * lasts)
    least = max(
        SHORTEST_LEVEL_MINUTES,
        _LEAST_SHARE * float(t[-1] - t[0]),
        _TIMES_THE_LONGEST_PAUSE * float(np.diff(reached).max()),
    )
    return level if lasts >= least and len(level) >= FEWEST_POINTS else None
