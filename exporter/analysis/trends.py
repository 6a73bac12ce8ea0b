"""The growth of each of a run's columns, with the points and the line that show it.

What the verdict has judged is told here as the verdict tells it: the same evidence, by the same settings. The other
columns are read in the same way, though they decide nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.evidence import Evidence
from exporter.analysis.growth import growth_per_operation
from exporter.analysis.judgement import Interval, Judgement
from exporter.analysis.readings import count_evidence, memory_at_rest, memory_under_load
from exporter.analysis.series import Run
from exporter.analysis.stretch import Stretch, longest_stretch
from exporter.analysis.timeline import Timeline
from exporter.analysis.trend import Trend

_LINE_POINTS = 12
_KIB = 1024.0


@dataclass(frozen=True, slots=True)
class ColumnGrowth:
    """How fast one column grows.

    ``per_minute`` is in KiB for bytes, otherwise in the column's unit; ``per`` holds the growth per operation, by the
    column that counts it, in the column's unit. The floors are the points that the line was fitted to, ``fit`` the line
    over the part of the run that it stands for: seconds on the run's timeline and values in the column's unit.
    ``at_rest`` says that the samples were taken with the load at rest.
    """

    per_minute: Interval
    per: Mapping[str, Interval]
    at_rest: bool
    floor_seconds: Floats
    floors: Floats
    fit_seconds: Floats
    fit: Floats


def growth_of(run: Run, judgement: Judgement, times: Timeline, columns: Sequence[str]) -> dict[str, ColumnGrowth]:
    """The growth by column, for those in which there are enough samples to tell; ``judgement`` is the run's."""
    if not len(times.rows):
        return {}
    stretch = longest_stretch(run)
    seconds = np.asarray(times.seconds[np.searchsorted(times.rows, stretch.rows)])
    found = {}
    for name in columns:
        evidence = _surest(stretch, name, judgement)
        if evidence is not None and evidence.trend is not None:
            found[name] = _growth(evidence, evidence.trend, stretch, seconds)
    return found


def _surest(stretch: Stretch, name: str, judgement: Judgement) -> Evidence | None:
    """The evidence that the verdict tells the growth of; of another column that which leaves least doubt."""
    if stretch.values(name) is None:
        return None
    if not name.endswith("_bytes"):
        return count_evidence(stretch, name, judgement.settings)
    readings = [read(stretch, name, judgement.settings) for read in (memory_at_rest, memory_under_load)]
    told = [each for each in readings if (each.series, each.kind) == judgement.told_growth]
    return min(told or readings, key=_reach)


def _reach(evidence: Evidence) -> float:
    return evidence.trend.growth.value - evidence.trend.growth.low if evidence.trend else np.inf


def _growth(evidence: Evidence, trend: Trend, stretch: Stretch, seconds: Floats) -> ColumnGrowth:
    floors, tail = trend.floors, trend.tail
    unit = _KIB if evidence.series.endswith("_bytes") else 1.0
    line_t = np.linspace(tail.t[0], floors.t[-1], _LINE_POINTS)
    return ColumnGrowth(
        trend.growth,
        growth_per_operation(stretch, evidence),
        evidence.settled,
        np.interp(floors.t, evidence.clock, seconds),
        floors.y * unit,
        np.interp(line_t, evidence.clock, seconds),
        (tail.y.mean() + trend.growth.value * (line_t - tail.t.mean())) * unit,
    )
