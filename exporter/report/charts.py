"""Which charts the report has, and the lines in each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from exporter.report.columns import (
    FAILURES,
    HANDLES,
    HEAP,
    HEAP_PARTS,
    MEMORY,
    OTHER_MEMORY,
    PAYMENTS,
    RESIDENT,
    Column,
    Unit,
)
from exporter.report.prepared import Prepared, columns_of
from exporter.report.thinning import Line, thin
from exporter.report.trends import Growth

Floats = NDArray[np.float64]

# About 20 bytes a point, so that the page stays under 5 MB.
_MOST_POINTS = 210_000
_MOST_POINTS_PER_LINE = 4_000
_PAYMENTS_PER_RATE = 20
_FEWEST_RATES, _MOST_RATES = 4, 120


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One line of a chart: of which run, its name in the legend, its colour's number, its points, its growth."""

    run: int
    name: str
    colour: int
    line: Line
    growth: Growth | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: ``axis`` is "time" (seconds, or payments instead) or "latency" (seconds, logarithmic)."""

    key: str
    title: str
    meaning: str
    unit: Unit
    lines: list[ChartLine]
    wide: bool = False
    axis: str = "time"


@dataclass(frozen=True, slots=True)
class Section:
    """Charts under a heading."""

    key: str
    title: str
    charts: list[Chart] = field(default_factory=list)


def sections(runs: Sequence[Prepared]) -> list[Section]:
    """All the charts that these runs have data for."""
    maker = _Maker(runs)
    memory = [maker.column(column, wide=True) for column in (RESIDENT, HEAP)]
    if len(runs) == 1:
        memory.append(maker.together())
    else:
        memory += [maker.column(column) for column in (*HEAP_PARTS, *OTHER_MEMORY)]
    load = [maker.rate(), maker.column(PAYMENTS), maker.failures(), maker.latency()]
    handles = [maker.column(column) for column in HANDLES]
    found = [
        Section("memory", "Memory", [chart for chart in memory if chart]),
        Section("load", "Payments", [chart for chart in load if chart]),
        Section("handles", "Descriptors, threads and objects", [chart for chart in handles if chart]),
    ]
    return [_filled(section) for section in found if section.charts]


def _filled(section: Section) -> Section:
    """The section with the last of an odd number of half-width charts over the whole width."""
    if sum(not chart.wide for chart in section.charts) % 2:
        section.charts[-1] = replace(section.charts[-1], wide=True)
    return section


class _Maker:
    """Makes charts, with the points shared out among all the lines of the page."""

    def __init__(self, runs: Sequence[Prepared]) -> None:
        self._runs = runs
        shown = (*MEMORY, *HANDLES, PAYMENTS, FAILURES)
        lines = sum(1 for run in runs for column in shown if run.has(column))
        # With one run its memory is drawn twice: column by column, and together.
        lines += len(columns_of(runs, MEMORY)) if len(runs) == 1 else 0
        self._most = min(_MOST_POINTS_PER_LINE, _MOST_POINTS // max(lines, 1))

    def column(self, column: Column, *, wide: bool = False) -> Chart | None:
        """A column of every run that has it."""
        lines = [
            ChartLine(index, run.label, index, self._thin(run, values), run.growth.get(column.name))
            for index, run in enumerate(self._runs)
            if (values := run.values(column)) is not None
        ]
        return Chart(column.name, column.title, column.meaning, column.unit, lines, wide) if lines else None

    def together(self) -> Chart | None:
        """Everything that is known of one run's memory in one picture, when there is more than its two figures."""
        columns = columns_of(self._runs, MEMORY)
        if not columns_of(self._runs, (*HEAP_PARTS, *OTHER_MEMORY)):
            return None
        run = self._runs[0]
        lines = [
            ChartLine(0, column.title, colour, self._thin(run, values))
            for colour, column in enumerate(columns)
            if (values := run.values(column)) is not None
        ]
        meaning = "Every figure of the run's memory on one scale: which part follows which."
        return Chart("memory_parts", "Where the memory is", meaning, Unit.BYTES, lines, wide=True)

    def failures(self) -> Chart | None:
        """Failed payments, when there were any."""
        return self.column(FAILURES) if any(run.total(FAILURES) for run in self._runs) else None

    def rate(self) -> Chart | None:
        """Payments per minute: a load that stalls or slows shows here."""
        lines = [
            ChartLine(index, run.label, index, line)
            for index, run in enumerate(self._runs)
            if (line := _rate(run)) is not None
        ]
        meaning = "The pace of the load. Memory can be judged only while it is steady."
        return Chart("payment_rate", "Payments per minute", meaning, Unit.PER_MINUTE, lines) if lines else None

    def latency(self) -> Chart | None:
        """The share of the payments done within a time, where the run itself has reported it."""
        lines: list[ChartLine] = []
        for index, run in enumerate(self._runs):
            several = len(self._runs) > 1
            for kind, histogram in run.run.latency_seconds.items():
                if histogram.count:
                    shares = np.array(histogram.counts, dtype=np.float64) / histogram.count
                    points = Line(np.array(histogram.bounds), shares, histogram.count)
                    name = f"{run.label}, {kind}" if several else kind
                    lines.append(ChartLine(index, name, index if several else len(lines), points))
        meaning = "The share of the payments that were done within a time."
        return Chart("latency", "Latency", meaning, Unit.SHARE, lines, axis="latency") if lines else None

    def _thin(self, run: Prepared, values: Floats) -> Line:
        return thin(run.times.seconds, values, self._most)


def _rate(run: Prepared) -> Line | None:
    counts = run.values(PAYMENTS)
    if counts is None or counts[-1] <= counts[0]:
        return None
    seconds = run.times.seconds
    bins = int(np.clip((counts[-1] - counts[0]) / _PAYMENTS_PER_RATE, _FEWEST_RATES, _MOST_RATES))
    edges = np.linspace(seconds[0], seconds[-1], min(bins, len(seconds) - 1) + 1)
    done = np.interp(edges, seconds, counts)
    rates = np.diff(done) / np.diff(edges) * 60
    return Line((edges[1:] + edges[:-1]) / 2, rates, len(rates))
