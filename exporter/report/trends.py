"""The growth of each of a run's columns, with the points and the line that show it.

Read as the verdict reads it (docs/verdict.md): a slope through the floors of the run's tail, at rest or under load,
whichever tells more. Here it is said of every column, not only of those that decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.evidence import FEWEST_AT_REST, FEWEST_SAMPLES, SHORTEST_AT_REST_MINUTES, SHORTEST_MINUTES
from exporter.analysis.floors import Floors, all_floors
from exporter.analysis.judgement import Interval
from exporter.analysis.series import Run
from exporter.analysis.slope import FEWEST_POINTS, Slope, slope
from exporter.analysis.stretch import Stretch, longest_stretch
from exporter.analysis.trend import TAIL_SHARE
from exporter.report.columns import Column, Unit
from exporter.report.timeline import Timeline

Array = NDArray[np.float64]

_LINE_POINTS = 12
_KIB = 1024.0
_COVERAGE = 0.95
_FEWEST_OPERATIONS = 5


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
    floor_seconds: Array
    floors: Array
    fit_seconds: Array
    fit: Array


@dataclass(frozen=True, slots=True)
class _Reading:
    """A slope a minute, in the column's unit, of the tail of these floors."""

    floors: Floors
    tail: Floors
    slope: Slope
    at_rest: bool

    @property
    def reach(self) -> float:
        return self.slope.value - self.slope.bounds(_COVERAGE).low


def growth_of(run: Run, times: Timeline, columns: Sequence[Column]) -> dict[str, Growth]:
    """The growth by column's name, for those in which there are enough samples to tell."""
    if not len(times.rows):
        return {}
    stretch = longest_stretch(run)
    seconds = np.asarray(times.seconds[np.searchsorted(times.rows, stretch.rows)])
    found = {}
    for column in columns:
        readings = [reading for at_rest in (True, False) if (reading := _read(stretch, column.name, at_rest))]
        if readings:
            best = min(readings, key=lambda reading: reading.reach)
            found[column.name] = _growth(best, stretch, seconds, column.unit)
    return found


def _read(stretch: Stretch, name: str, at_rest: bool) -> _Reading | None:
    t, y = stretch.points(name, stretch.minutes, settled=at_rest)
    fewest, shortest = (FEWEST_AT_REST, SHORTEST_AT_REST_MINUTES) if at_rest else (FEWEST_SAMPLES, SHORTEST_MINUTES)
    if len(t) < fewest or t[-1] - t[0] < shortest:
        return None
    readings = []
    for floors in all_floors(t, y):
        tail = floors.after(float(t[0]) + TAIL_SHARE * float(t[-1] - t[0]))
        if len(tail) >= FEWEST_POINTS:
            readings.append(_Reading(floors, tail, slope(tail.t, tail.y), at_rest))
    return min(readings, key=lambda reading: reading.reach) if readings else None


def _growth(reading: _Reading, stretch: Stretch, seconds: Array, unit: Unit) -> Growth:
    tail, floors = reading.tail, reading.floors
    step = _KIB if unit is Unit.BYTES else 1.0
    bounds = reading.slope.bounds(_COVERAGE)
    line_t = np.linspace(tail.t[0], floors.t[-1], _LINE_POINTS)
    return Growth(
        Interval(bounds.value / step, bounds.low / step, bounds.high / step),
        _per_operation(stretch, "payments", tail),
        _per_operation(stretch, "reconnects", tail),
        reading.at_rest,
        np.interp(floors.t, stretch.minutes, seconds),
        floors.y,
        np.interp(line_t, stretch.minutes, seconds),
        tail.y.mean() + bounds.value * (line_t - tail.t.mean()),
    )


def _per_operation(stretch: Stretch, counter: str, tail: Floors) -> Interval | None:
    """The slope against a counter instead of time; None when it hardly moved."""
    counts = stretch.values(counter)
    if counts is None:
        return None
    known = ~np.isnan(counts)
    operations = np.interp(tail.t, stretch.minutes[known], counts[known])
    return slope(operations, tail.y).bounds(_COVERAGE) if np.ptp(operations) >= _FEWEST_OPERATIONS else None
