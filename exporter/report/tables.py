"""The tables of the report: runs side by side, growth part by part, and the values behind every chart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.judgement import Interval
from exporter.record.column import Column, Unit
from exporter.record.columns import FAILURES, HEAP, OPERATIONS, PAYMENTS, RESIDENT
from exporter.report.charts import Chart
from exporter.report.groups import HANDLES, MEMORY
from exporter.report.prepared import Prepared
from exporter.report.runs import printable
from exporter.report.wording import NOTHING, amount, clock, interval, number, size

Floats = NDArray[np.float64]

_ROWS = 21
_MOST_LABELLED = 4
_STEPS = (("MiB", 1 << 20), ("KiB", 1 << 10))
_FEWEST_OF_A_STEP = 4  # below that a unit's first digits are too coarse for an interval


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; the first cell of a row names it."""

    head: list[str]
    rows: list[list[str]]


def run_table(runs: Sequence[Prepared]) -> Table:
    """Several runs side by side; the verdict stands in the second column."""
    head = ["Run", "Verdict", "Growth per minute", "Start", "End", "Growth", "Peak", "Payments", "Failures", "Duration"]
    return Table(head, [_run_row(run) for run in runs])


def _run_row(run: Prepared) -> list[str]:
    column = RESIDENT if run.has(RESIDENT) else HEAP
    growth = run.growth.get(column.name)
    rate = f"{interval(growth.per_minute)} KiB" if growth else NOTHING
    levels = _levels(run, column)
    counts = [amount(run.total(counter), Unit.COUNT) for counter in (PAYMENTS, FAILURES)]
    return [run.label, str(run.judgement.verdict), rate, *levels, *counts, clock(run.times.duration)]


def _levels(run: Prepared, column: Column) -> list[str]:
    """Start, end, growth and peak."""
    summary = run.summary(column)
    if summary is None:
        return [NOTHING] * 4
    values = (summary.start, summary.end, summary.peak)
    start, end, peak = (amount(value, column.unit) for value in values)
    return [start, end, amount(summary.end - summary.start, column.unit, sign=True), peak]


def growth_table(run: Prepared) -> Table:
    """Which part of a run's memory grows, descriptors and threads beside it."""
    head = ["Part", "Start", "End", "Growth", "Peak", "Per minute", *(f"Per {each.each}" for each in OPERATIONS)]
    rows = [_growth_row(run, column) for column in (*MEMORY, *HANDLES) if run.has(column)]
    used = [index for index in range(len(head)) if index < 5 or any(row[index] != NOTHING for row in rows)]
    return Table([head[index] for index in used], [[row[index] for index in used] for row in rows])


def _growth_row(run: Prepared, column: Column) -> list[str]:
    growth = run.growth.get(column.name)
    row = [column.title, *_levels(run, column)]
    if growth is None:
        return [*row, NOTHING, *(NOTHING for _ in OPERATIONS)]
    unit = " KiB" if column.unit is Unit.BYTES else ""
    return [
        *row,
        f"{interval(growth.per_minute)}{unit}",
        *(estimate(growth.per.get(each.name), column.unit) for each in OPERATIONS),
    ]


def estimate(found: Interval | None, unit: Unit) -> str:
    """An estimate with its interval, in a unit that suits its size."""
    if found is None:
        return NOTHING
    if unit is not Unit.BYTES:
        return interval(found)
    largest = max(abs(found.low), abs(found.high))
    name, step = next(((name, step) for name, step in _STEPS if largest >= _FEWEST_OF_A_STEP * step), ("B", 1))
    return f"{interval(Interval(found.value / step, found.low / step, found.high / step))} {name}"


def value_table(chart: Chart) -> Table:
    """The values behind a chart at evenly spaced times, or at each of a latency's bounds."""
    names = [line.name for line in chart.lines]
    if chart.axis == "latency":
        bounds = chart.lines[0].line.t
        shares = [line.line.y for line in chart.lines]
        rows = [[f"{bound:g} s", *(f"{share[place]:.1%}" for share in shares)] for place, bound in enumerate(bounds)]
        return Table(["Within", *names], rows)
    filled = [line for line in chart.lines if len(line.line.t)]
    if not filled:
        return Table(["Time", *names], [])
    first, last = min(line.line.t[0] for line in filled), max(line.line.t[-1] for line in filled)
    times = np.unique(np.linspace(first, last, _ROWS))
    columns = [_at(line.line.t, line.line.y, times) for line in chart.lines]
    rows = [
        [clock(time), *(amount(float(column[place]), chart.unit) for column in columns)]
        for place, time in enumerate(times.tolist())
    ]
    return Table(["Time", *names], rows)


def _at(t: Floats, y: Floats, times: Floats) -> Floats:
    """The last value up to each time; NaN before the first, after the last and in gaps."""
    if not len(t):
        return np.full(len(times), np.nan)
    places = np.searchsorted(t, times, side="right") - 1
    values = y[np.maximum(places, 0)]
    values[(places < 0) | (times > t[-1])] = np.nan
    return np.asarray(values)


def description(chart: Chart) -> str:
    """A chart in words, for those who don't see it."""
    told = [_told(chart, index) for index in range(min(len(chart.lines), _MOST_LABELLED))]
    left = len(chart.lines) - len(told)
    more = f" And {left} more lines, in the table below." if left else ""
    return f"{chart.title}. {' '.join(told)}{more}"


def _told(chart: Chart, index: int) -> str:
    line = chart.lines[index]
    known = line.line.y[~np.isnan(line.line.y)]
    if not len(known):
        return f"{line.name}: no value."
    if chart.axis == "latency":
        return f"{line.name}: {number(line.line.samples)} payments."
    start, end, peak = (amount(float(value), chart.unit) for value in (known[0], known[-1], known.max()))
    return f"{line.name}: from {start} to {end}, at most {peak}."


def site_table(run: Prepared) -> Table:
    """The code that allocated what stayed."""
    rows = [
        [
            printable(site.where),
            site.heap,
            size(site.grown_bytes, sign=True),
            amount(site.bytes_per_payment, Unit.BYTES, sign=True),
        ]
        for site in run.run.sites
    ]
    return Table(["Allocated by", "Heap", "Growth", "Per payment"], rows)
