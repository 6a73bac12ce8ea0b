"""The growth of each of a run's columns, with the points and the line that show it."""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.evidence import Evidence, count_evidence, memory_at_rest, memory_under_load
from exporter.analysis.growth import growth_per_operation
from exporter.analysis.judgement import Interval, Settings
from exporter.analysis.series import Run
from exporter.analysis.stretch import Stretch, longest_stretch
from exporter.analysis.trend import TAIL_SHARE
from exporter.report.columns import Column, Unit
from exporter.report.timeline import Timeline

Floats = NDArray[np.float64]

_LINE_POINTS = 12
_KIB = 1024.0


@dataclass(frozen=True, slots=True)
class Growth:
    """How fast one column grows.

    ``per_minute`` is in KiB for bytes, otherwise in the column's unit; ``per_payment`` and ``per_reconnect`` are in
    the column's unit. The floors are the points that the line was fitted to, ``fit`` the line over the part of the
    run that it stands for: seconds on the run's timeline and values in the column's unit. ``at_rest`` says that the
    samples were taken with the load at rest.
    """

    per_minute: Interval
    per_payment: Interval | None
    per_reconnect: Interval | None
    at_rest: bool
    floor_seconds: Floats
    floors: Floats
    fit_seconds: Floats
    fit: Floats


def growth_of(run: Run, times: Timeline, columns: list[Column]) -> dict[str, Growth]:
    """The growth by column's name, for those in which there are enough samples to tell."""
    if not len(times.rows):
        return {}
    stretch = longest_stretch(run)
    seconds = _seconds_of(stretch, times)
    found = {column.name: _evidence(stretch, column) for column in columns if run.column(column.name) is not None}
    units = {column.name: _KIB if column.unit is Unit.BYTES else 1.0 for column in columns}
    return {
        name: _growth(evidence, stretch, seconds, units[name])
        for name, evidence in found.items()
        if evidence.trend is not None
    }


def _evidence(stretch: Stretch, column: Column) -> Evidence:
    if column.unit is not Unit.BYTES:
        return count_evidence(stretch, column.name)
    settings = Settings()
    readings = [read(stretch, column.name, settings) for read in (memory_at_rest, memory_under_load)]
    return min(readings, key=_reach)


def _reach(evidence: Evidence) -> float:
    """How wide the interval of the growth is."""
    if evidence.trend is None:
        return inf
    return evidence.trend.growth.high - evidence.trend.growth.low


def _seconds_of(stretch: Stretch, times: Timeline) -> Floats:
    """The rows of the stretch on the run's own timeline."""
    return np.asarray(times.seconds[np.searchsorted(times.rows, stretch.rows)])


def _growth(evidence: Evidence, stretch: Stretch, seconds: Floats, unit: float) -> Growth:
    trend = evidence.trend
    assert trend is not None
    t, y = trend.floors.t, trend.floors.y
    tail = t >= t[0] + TAIL_SHARE * (t[-1] - t[0])
    line_t = np.linspace(t[tail][0], t[-1], _LINE_POINTS)
    line = y[tail].mean() + trend.growth.value * (line_t - t[tail].mean())
    return Growth(
        trend.growth,
        growth_per_operation(stretch, "payments", evidence),
        growth_per_operation(stretch, "reconnects", evidence),
        evidence.settled,
        np.interp(t, stretch.minutes, seconds),
        y * unit,
        np.interp(line_t, stretch.minutes, seconds),
        line * unit,
    )
