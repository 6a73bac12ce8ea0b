"""Growth per operation: the deciding series against counters instead of against time."""

from collections.abc import Mapping

import numpy as np

from exporter.analysis.evidence import Evidence
from exporter.analysis.few import trend_of_few
from exporter.analysis.judgement import Interval
from exporter.analysis.slope import FEWEST_POINTS, slope
from exporter.analysis.stretch import Stretch
from exporter.record.columns import OPERATIONS

_FEWEST_OPERATIONS = 5
_COVERAGE = 0.95


def growth_per_operation(stretch: Stretch, evidence: Evidence) -> Mapping[str, Interval]:
    """Bytes (or counts) per operation after warm-up, by the column that counts it; none of one that hardly moved.

    Where several counters rise in step, each is given the whole growth: the data cannot tell them apart.
    """
    found = {column.name: _growth_per(column.name, stretch, evidence) for column in OPERATIONS}
    return {name: growth for name, growth in found.items() if growth is not None}


def _growth_per(counter: str, stretch: Stretch, evidence: Evidence) -> Interval | None:
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
