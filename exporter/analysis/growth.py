"""Growth per operation: the deciding series against counters instead of against time."""

from collections.abc import Mapping

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.evidence import Evidence
from exporter.analysis.few import trend_of_few
from exporter.analysis.floors import Floors
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
    if evidence.trend is None:
        return {}
    tail, few = evidence.trend.tail, evidence.trend.few
    apart = _readings_apart(stretch, float(np.ptp(tail.t)))
    unit = 1024.0 if evidence.series.endswith("_bytes") else 1.0
    growth = {}
    for column in OPERATIONS:
        counts = stretch.values(column.name)
        if counts is None:
            continue
        known = ~np.isnan(counts)
        found = _growth_over(np.interp(tail.t, evidence.clock[known], counts[known]), tail, few=few)
        if found is not None:
            found = found.at_least(apart * abs(found.value))
            growth[column.name] = Interval(found.value * unit, found.low * unit, found.high * unit)
    return growth


def _growth_over(operations: Floats, tail: Floors, *, few: bool) -> Interval | None:
    if np.ptp(operations) < _FEWEST_OPERATIONS:
        return None
    if few:
        return trend_of_few(operations, tail.y, 0.0).growth
    return slope(operations, tail.y).bounds(_COVERAGE) if len(tail) >= FEWEST_POINTS else None


def _readings_apart(stretch: Stretch, minutes: float) -> float:
    """The share of the growth that is unknown since a counter and a size are not read at the same moment.

    They are up to one sample apart, at either end of the ``minutes`` that the growth was found over.
    """
    return float(np.median(np.diff(stretch.minutes))) / minutes if minutes else 0.0
