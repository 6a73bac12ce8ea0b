"""The growth of each of a run's columns, with the points and the line that show it.

Read as the verdict reads it (docs/verdict.md): a slope through the floors of the run's tail, at rest by the work done
or by time, or under load, whichever leaves least doubt. Here it is said of every column, not only of those that decide.
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
from exporter.analysis.timeline import Timeline
from exporter.analysis.trend import TAIL_SHARE
from exporter.record.column import Column

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
    """A slope a minute, in the column's unit, of the tail of these floors.

    ``clock`` holds the minutes of the stretch's rows that the floors' times are on.
    """

    floors: Floors
    tail: Floors
    slope: Slope
    clock: Array
    at_rest: bool

    @property
    def reach(self) -> float:
        return self.slope.value - self.slope.bounds(_COVERAGE).low


@dataclass(frozen=True, slots=True)
class _Work:
    """The seconds on the timeline of a run's rows that are read, and its counters there."""

    seconds: Array
    counters: dict[str, Array]


def growth_of(run: Run, times: Timeline, columns: Sequence[Column]) -> dict[str, Growth]:
    """The growth by column's name, for those in which there are enough samples to tell."""
    if not len(times.rows):
        return {}
    stretch = longest_stretch(run)
    work = _Work(
        np.asarray(times.seconds[np.searchsorted(times.rows, stretch.rows)]),
        {name: counts for name in ("payments", "reconnects") if (counts := stretch.values(name)) is not None},
    )
    found = {}
    for column in columns:
        best = _best_reading(stretch, column.name)
        if best is not None:
            found[column.name] = _growth(best, work, _KIB if column.is_bytes else 1.0)
    return found


def _best_reading(stretch: Stretch, name: str) -> _Reading | None:
    """The reading of a column that leaves least doubt; None when there are too few samples for any."""
    values = stretch.values(name)
    if values is None:
        return None
    known = ~np.isnan(values)
    readings = []
    for at_rest in (True, False):
        kept = known & (stretch.settled == at_rest)
        for clock in (stretch.work, stretch.minutes) if at_rest else (stretch.minutes,):
            readings += _readings(clock, kept, values, at_rest)
    return min(readings, key=lambda reading: reading.reach, default=None)


def _readings(clock: Array, kept: NDArray[np.bool_], values: Array, at_rest: bool) -> list[_Reading]:
    """One reading for each width of the floors' windows."""
    t, y = clock[kept], values[kept]
    fewest, shortest = (FEWEST_AT_REST, SHORTEST_AT_REST_MINUTES) if at_rest else (FEWEST_SAMPLES, SHORTEST_MINUTES)
    if len(t) < fewest or t[-1] - t[0] < shortest:
        return []
    found = []
    for floors in all_floors(t, y):
        tail = floors.after(float(t[0]) + TAIL_SHARE * float(t[-1] - t[0]))
        if len(tail) >= FEWEST_POINTS:
            found.append(_Reading(floors, tail, slope(tail.t, tail.y), clock, at_rest))
    return found


def _growth(reading: _Reading, work: _Work, step: float) -> Growth:
    tail, floors = reading.tail, reading.floors
    bounds = reading.slope.bounds(_COVERAGE)
    line_t = np.linspace(tail.t[0], floors.t[-1], _LINE_POINTS)
    return Growth(
        Interval(bounds.value / step, bounds.low / step, bounds.high / step),
        _per_operation(work.counters.get("payments"), reading),
        _per_operation(work.counters.get("reconnects"), reading),
        reading.at_rest,
        np.interp(floors.t, reading.clock, work.seconds),
        floors.y,
        np.interp(line_t, reading.clock, work.seconds),
        tail.y.mean() + bounds.value * (line_t - tail.t.mean()),
    )


def _per_operation(counts: Array | None, reading: _Reading) -> Interval | None:
    """The slope against a counter instead of time; None when it hardly moved."""
    if counts is None:
        return None
    known = ~np.isnan(counts)
    clock, counts = (reading.clock, counts) if known.all() else (reading.clock[known], counts[known])
    operations = np.interp(reading.tail.t, clock, counts)
    if np.ptp(operations) < _FEWEST_OPERATIONS:
        return None
    return slope(operations, reading.tail.y).bounds(_COVERAGE)
