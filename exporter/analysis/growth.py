"""Growth per operation: the deciding series against a counter instead of against time."""

import numpy as np

from exporter.analysis.evidence import Evidence
from exporter.analysis.few import trend_of_few
from exporter.analysis.judgement import Interval
from exporter.analysis.slope import FEWEST_POINTS, slope
from exporter.analysis.stretch import Stretch

_FEWEST_OPERATIONS = 5
_COVERAGE = 0.95


def growth_per_operation(stretch: Stretch, counter: str, evidence: Evidence) -> Interval | None:
    """Bytes (or counts) per operation after warm-up; None when the counter hardly moved.

    Where several counters rise in step, each is given the whole growth: the data cannot tell them apart.
    """
    counts = stretch.values(counter)
    if counts is None or evidence.trend is None:
        return None
    tail = evidence.trend.tail
    known = ~np.isnan(counts)
    operations = np.interp(tail.t, evidence.clock[known], counts[known])
    if np.ptp(operations) < _FEWEST_OPERATIONS:
        return None
    if evidence.trend.few:
        found = trend_of_few(operations, tail.y, 0.0).growth
    elif len(tail) >= FEWEST_POINTS:
        found = slope(operations, tail.y).bounds(_COVERAGE)
    else:
        return None
    unit = 1024.0 if evidence.series.endswith("_bytes") else 1.0
    return Interval(found.value * unit, found.low * unit, found.high * unit)
