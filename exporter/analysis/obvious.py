"""What is obvious: a leak so large, so even, and so far above all noise that a run of a minute or two shows it.

At rest there is no garbage and no work in the air, so that the rate is enough. Under load nobody knows what of the
growth is garbage or a cache. So it has to come to far more than both have been seen to take, in all and beside what the
program began with.
"""

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.demands import SHORTEST_FOR_LEAK_MINUTES, Demand, meets
from exporter.analysis.ending import has_ended
from exporter.analysis.few import FEWEST_READINGS, trend_of_few
from exporter.analysis.floors import Floors
from exporter.analysis.judgement import ANONYMOUS, HEAP
from exporter.analysis.slope import line
from exporter.analysis.stretch import Stretch
from exporter.analysis.trend import Trend
from exporter.record.column import Series
from exporter.record.columns import of_series

_FAST_KIB_PER_MIN = 5120.0
_EVEN_SHARE = 0.75  # the end, of the start
_EVEN_THIRDS = 0.85  # each, of the whole
_UNDER_LOAD = Demand(0.0, 0.9, 6.0, 0.8)
# Three times what cycles had piled up to of a program whose collector ran rarely.
_IN_ALL_KIB = 96 * 1024.0
_TIMES = 2.0  # what the program held once it had started
SHORTEST_COUNTED_MINUTES = 1.0
_SHORTEST_UNCOUNTED_MINUTES = 2.0  # nothing tells that it is not just starting
FEWEST_UNDER_LOAD = 9
_HEAPS = {HEAP, *of_series(Series.PART)}
_WITH_GARBAGE = ("heap_go_bytes", "heap_inuse_bytes", "heap_jvm_bytes")
_STARTING_SHARE = 0.1
_THIRDS = 3
_FEWEST_ABANDONED = 8


def is_fast(trend: Trend) -> bool:
    """Whether growth of memory, KiB per minute, is far above all noise."""
    return trend.growth.value > _FAST_KIB_PER_MIN and trend.low > _FAST_KIB_PER_MIN / 2


def once_started(t: Floats, y: Floats) -> Floors:
    """The samples without the first tenth of the time, in which a program starts."""
    return Floors(t, y).after(float(t[0] + _STARTING_SHARE * (t[-1] - t[0])))


def obvious_at_rest(trend: Trend, stretch: Stretch, name: str) -> str:
    """What makes growth of a column at rest an obvious leak, as the end of a sentence; empty where nothing does.

    It is fast and does not slow down, or abandoned instances have left it behind.
    """
    if is_fast(trend) and _evenness(trend.floors) > _EVEN_SHARE:
        return "far above all noise"
    left = _left_behind(stretch, name)
    return f"and each of the {left:.0f} abandoned instances left memory and a descriptor behind" if left else ""


def may_be_obvious_under_load(stretch: Stretch, name: str) -> bool:
    """Whether a leak of a column in bytes may be obvious under load: in a heap, or anonymous memory if no heap is read.

    Not where the heap is known better, at rest, nor where its garbage is in it, nor in runs long enough to show more.
    """
    if stretch.lasts(SHORTEST_FOR_LEAK_MINUTES):
        return False
    if name == ANONYMOUS:
        return stretch.values(HEAP) is None
    with_garbage = any(stretch.values(heap) is not None for heap in _WITH_GARBAGE)
    return name in _HEAPS and not stretch.settled.any() and not with_garbage


def is_obvious_under_load(trend: Trend, threshold: float) -> bool:
    """Whether growth is fast, far more than what was there before, as fast in each third, and goes on."""
    t, y = trend.floors.t, trend.floors.y
    grown = float(y[-1] - y[0])
    return (
        is_fast(trend)
        and grown > max(_IN_ALL_KIB, _TIMES * float(y[0]))
        and _slowest_third(t, y) > _EVEN_THIRDS * trend.growth.value
        and meets(trend, _UNDER_LOAD, threshold)
        and not has_ended(t, y)
    )


def shortest_under_load(stretch: Stretch) -> float:
    """How many minutes it takes under load: less where operations are counted, as they show that the program works."""
    return _SHORTEST_UNCOUNTED_MINUTES if np.isnan(stretch.pace) else SHORTEST_COUNTED_MINUTES


def _left_behind(stretch: Stretch, name: str) -> float:
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


def _slowest_third(t: Floats, y: Floats) -> float:
    """The least of the slopes of three equal parts of the time; 0 where one of them has less than two samples."""
    bounds = np.searchsorted(t, np.linspace(t[0], t[-1], _THIRDS + 1)[1:-1])
    thirds = zip(np.split(t, bounds), np.split(y, bounds), strict=True)
    return min(line(times, sizes) if len(times) > 1 else 0.0 for times, sizes in thirds)
