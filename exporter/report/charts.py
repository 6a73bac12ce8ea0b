"""Which charts the report has, and the lines in each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.trends import ColumnGrowth
from exporter.record.column import Column, Unit
from exporter.record.columns import FAILURES, HEAP, PAYMENTS, RESIDENT
from exporter.record.state import Histogram
from exporter.report.groups import ALLOCATOR, BY_KIND, HANDLES, MEMORY, MEMORY_PARTS, OBJECTS, PROCESS, Together
from exporter.report.prepared import Prepared, columns_of
from exporter.report.thinning import Line, thin

Floats = NDArray[np.float64]

# About 20 bytes a point, so that the page stays under 5 MB.
_MOST_POINTS = 200_000
_MOST_POINTS_PER_LINE = 4_000
_PAYMENTS_PER_RATE = 20
_QUANTILES = (0.5, 0.95, 0.99)
_FEWEST_RATES, _MOST_RATES = 4, 120


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One line of a chart: of which run, its name in the legend, its colour's number, its points, its growth."""

    run: int
    name: str
    colour: int
    line: Line
    growth: ColumnGrowth | None = None


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
    """Charts under a heading; ``constant`` are the columns that never change, which need no chart."""

    key: str
    title: str
    charts: list[Chart] = field(default_factory=list)
    constant: list[Column] = field(default_factory=list)


def sections(runs: Sequence[Prepared]) -> list[Section]:
    """All the charts that these runs have data for."""
    maker = _Maker(runs)
    memory = [maker.column(RESIDENT, wide=True), maker.column(HEAP, wide=True)]
    load = [maker.rate(), maker.column(PAYMENTS), maker.failures(), maker.latency()]
    handles = [maker.column(column) for column in PROCESS]
    if len(runs) == 1:
        memory += [maker.together(MEMORY_PARTS), maker.together(ALLOCATOR)]
        handles += [maker.together(BY_KIND), *(maker.changing(column) for column in OBJECTS)]
        apart: tuple[Column, ...] = OBJECTS
    else:
        apart = (*MEMORY_PARTS.columns[2:], *ALLOCATOR.columns, *BY_KIND.columns, *OBJECTS)
        memory += [maker.changing(column) for column in apart if column in MEMORY]
        handles += [maker.changing(column) for column in apart if column in HANDLES]
    constant = [column for column in columns_of(runs, apart) if not maker.changes(column)]
    return [
        section
        for section in (
            _section("memory", "Memory", memory, [column for column in constant if column in MEMORY]),
            _section("load", "Payments", load, []),
            _section(
                "handles",
                "Descriptors, threads and objects",
                handles,
                [column for column in constant if column in HANDLES],
            ),
        )
        if section.charts or section.constant
    ]


def _section(key: str, title: str, charts: Sequence[Chart | None], constant: list[Column]) -> Section:
    """A section of the charts that there are; of an odd number of narrow ones the last is as wide as two."""
    found = [chart for chart in charts if chart is not None]
    narrow = [index for index, chart in enumerate(found) if not chart.wide]
    if len(narrow) % 2:
        found[narrow[-1]] = replace(found[narrow[-1]], wide=True)
    return Section(key, title, found, constant)


class _Maker:
    """Makes charts, with the points shared out among all the lines of the page."""

    def __init__(self, runs: Sequence[Prepared]) -> None:
        self._runs = runs
        lines = sum(1 for run in runs for column in (*MEMORY, *HANDLES, PAYMENTS, FAILURES) if run.has(column))
        self._most = min(_MOST_POINTS_PER_LINE, _MOST_POINTS // max(lines, 1))

    def column(self, column: Column, *, wide: bool = False) -> Chart | None:
        """A column of every run that has it."""
        lines = [
            ChartLine(index, run.label, index, self._thin(run, values), run.growth.get(column.name))
            for index, run in enumerate(self._runs)
            if (values := run.values(column)) is not None
        ]
        return Chart(column.name, column.title, column.meaning, column.unit, lines, wide) if lines else None

    def changing(self, column: Column) -> Chart | None:
        """A column of every run that has it, if it changes in any."""
        return self.column(column) if self.changes(column) else None

    def changes(self, column: Column) -> bool:
        """Whether a column has more than one value in any run."""
        return any(
            (values := run.values(column)) is not None and np.nanmin(values) != np.nanmax(values) for run in self._runs
        )

    def together(self, group: Together) -> Chart | None:
        """A group's columns of one run in one picture; None when there is no more to it than the run's two figures."""
        columns = columns_of(self._runs, group.columns)
        if not set(columns) - {RESIDENT, HEAP}:
            return None
        run = self._runs[0]
        lines = [
            ChartLine(0, column.title, colour, self._thin(run, values))
            for colour, column in enumerate(columns)
            if (values := run.values(column)) is not None
        ]
        return Chart(group.key, group.title, group.meaning, columns[0].unit, lines, wide=True)

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
        several = len(self._runs) > 1
        for index, run in enumerate(self._runs):
            for kind, histogram in run.run.latency_seconds.items():
                if histogram.count:
                    shares = np.array(histogram.counts, dtype=np.float64) / histogram.count
                    points = Line(np.array(histogram.bounds), shares, histogram.count)
                    whose = f"{run.label}, {kind}" if several else kind
                    name = f"{whose}: {_quantiles(histogram)}"
                    lines.append(ChartLine(index, name, index if several else len(lines), points))
        meaning = "The share of the payments that were done within a time."
        return Chart("latency", "Latency", meaning, Unit.SHARE, lines, axis="latency") if lines else None

    def _thin(self, run: Prepared, values: Floats) -> Line:
        return thin(run.times.seconds, values, self._most)


def _quantiles(histogram: Histogram) -> str:
    found = ((share, histogram.quantile(share)) for share in _QUANTILES)
    return ", ".join(f"p{share * 100:.0f} {value * 1000:,.0f} ms" for share, value in found if value is not None)


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
