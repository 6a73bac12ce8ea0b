"""A run made ready for the page: its verdict, its timeline, its growth and its summary figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.judgement import Judgement
from exporter.analysis.timeline import Timeline, continued, timeline
from exporter.analysis.trends import ColumnGrowth, growth_of
from exporter.analysis.verdict import judge
from exporter.record.column import Column
from exporter.report.groups import HANDLES, MEMORY
from exporter.report.runs import ReportRun, named_apart

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summary:
    """A column's first, last and highest value, in its unit."""

    start: float
    end: float
    peak: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """One run of the report; everything that several charts and tables need, computed once."""

    run: ReportRun
    judgement: Judgement
    times: Timeline
    growth: dict[str, ColumnGrowth]

    @property
    def label(self) -> str:
        return self.run.label

    def has(self, column: Column) -> bool:
        """Whether the run has any value in this column."""
        return self.values(column) is not None

    def values(self, column: Column) -> Floats | None:
        """The column at each of the timeline's samples, counters without resets; None when there is no value."""
        values = self.run.series.column(column.name)
        if values is None or not len(self.times.rows):
            return None
        if len(self.times.rows) < len(values):
            values = values[self.times.rows]
        return continued(values) if column.rises else values

    def summary(self, column: Column) -> Summary | None:
        """First, last and highest value; None when there is none."""
        values = self.values(column)
        if values is None:
            return None
        known = values[~np.isnan(values)]
        return Summary(float(known[0]), float(known[-1]), float(known.max())) if len(known) else None

    def total(self, column: Column) -> float | None:
        """What a counter has come to."""
        summary = self.summary(column)
        return None if summary is None else summary.end


def prepare(runs: Sequence[ReportRun]) -> list[Prepared]:
    """Judge and lay out the runs, under labels that are all different."""
    return [_prepare(run) for run in named_apart(runs)]


def columns_of(runs: Sequence[Prepared], among: Sequence[Column]) -> list[Column]:
    """Those of the columns that at least one run has a value in."""
    return [column for column in among if any(run.has(column) for run in runs)]


def _prepare(run: ReportRun) -> Prepared:
    times = timeline(run.series)
    judgement = run.judgement or judge(run.series)
    names = [column.name for column in (*MEMORY, *HANDLES)]
    return Prepared(run, judgement, times, growth_of(run.series, judgement, times, names))
