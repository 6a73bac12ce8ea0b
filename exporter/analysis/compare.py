"""Whether one run's memory is worse than another's: by how much, and how sure that is."""

import math
from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from exporter.analysis.evidence import Evidence, label_of
from exporter.analysis.growth import growth_per_operation
from exporter.analysis.harness import HEAP_OF_HARNESS
from exporter.analysis.judgement import HEAP, RESIDENT, Interval, Settings
from exporter.analysis.readings import memory_at_rest, memory_under_load
from exporter.analysis.scales import PAGE_KIB
from exporter.analysis.series import Run
from exporter.analysis.stretch import Stretch, longest_stretch
from exporter.analysis.trend import TAIL_SHARE
from exporter.record.column import Series
from exporter.record.columns import OPERATIONS, of_series

_NORMAL_95 = 1.96
_FEWEST_FOR_A_LEVEL = 6
_WHOLES = (RESIDENT, HEAP)
_SERIES = (*_WHOLES, *of_series(Series.PART))
_MANAGED_ALONE = {frozenset((f"heap_{name}_bytes",)) for name in ("python", "go", "node")}


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of both runs, and B's less A's; ``probability_worse`` is that of B's being higher by the tolerance.

    ``lasts`` says that B's growth is more likely than not no mere warm-up; ``worse`` that even the low end of the 95 %
    interval is above the tolerance, and lasts.
    """

    measure: str
    series: str
    unit: str
    a: Interval
    b: Interval
    difference: Interval
    tolerance: float
    probability_worse: float
    lasts: bool
    worse: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All measures that both runs have; ``missing`` says why a measure is not there."""

    a: str
    b: str
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]

    @property
    def worse(self) -> bool:
        """Whether B is worse than A in any measure."""
        return any(difference.worse for difference in self.differences)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain JSON types."""
        return {**asdict(self), "worse": self.worse}


def compare(a: Run, b: Run, tolerance_kib_per_min: float = 5.0, level_tolerance: float = 0.1) -> Comparison:
    """Compare B with A: growth by time and per operation, level after warm-up, peak.

    Growth is tolerated up to so many KiB/min, or what that makes per operation at A's pace; levels and peaks up to a
    share of A's. The parts of the heap are compared at rest only, where they are nearly free of noise.
    """
    a, b = with_named_heap(a), with_named_heap(b)
    stretches = longest_stretch(a), longest_stretch(b)
    alike = _are_alike(heaps_of(a), heaps_of(b))
    # A sum beside a part says nothing; what both have in common stands in for it.
    wholes = _WHOLES if alike else (RESIDENT, *sorted(heaps_of(a) & heaps_of(b)))
    differences: list[Difference] = []
    missing = [f"{stretch.run.name} has no sample under load" for stretch in stretches if not len(stretch.rows)]
    if not alike:
        missing.append(f"{label_of(HEAP)}: {a.name} sums up other heaps than {b.name}")
    for series in _SERIES:
        if series in _WHOLES and series not in wholes:
            continue
        if any(stretch.values(series) is None for stretch in stretches):
            if series in wholes and any(stretch.values(series) is not None for stretch in stretches):
                missing.append(f"{label_of(series)}: only one of the runs has it")
            continue
        evidence = _same_kind(stretches, series)
        if evidence is None and series in wholes:
            missing.append(f"{label_of(series)}: a run is too short for growth")
        elif evidence is not None and (series in wholes or evidence[0].settled):
            differences += _growths(series, stretches, evidence, tolerance_kib_per_min)
        if series in wholes:
            levels = _levels(series, stretches, level_tolerance)
            differences += levels
            missing += [] if levels else [f"{label_of(series)}: a run has too few samples under load for a level"]
    return Comparison(a.name, b.name, tuple(differences), tuple(missing))


def with_named_heap(run: Run) -> Run:
    """The run of a harness that reports one heap, with that heap under its own name too."""
    heap = run.column(HEAP)
    if heap is None or heaps_of(run):
        return run
    for mark, name in HEAP_OF_HARNESS.items():
        if run.column(mark) is not None:
            return replace(run, columns={**run.columns, name: heap})
    return run


def heaps_of(run: Run) -> frozenset[str]:
    """The heaps that a run's sum is made of, as far as they are told."""
    return frozenset(name for name in _SERIES if name not in _WHOLES and run.column(name) is not None)


def _are_alike(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two sums of heaps can be compared: not if just one of them is a managed heap alone."""
    return a == b or not {a, b} & _MANAGED_ALONE


def _same_kind(stretches: tuple[Stretch, Stretch], series: str) -> tuple[Evidence, Evidence] | None:
    """Evidence at rest where both runs have it, else under load, else none."""
    # All of a watch but its heaps was read under load.
    read = [stretch.under_load if series == RESIDENT else stretch for stretch in stretches]
    for gather in (memory_at_rest, memory_under_load):
        first, second = (gather(stretch, series, Settings()) for stretch in read)
        if first.trend and second.trend:
            return first, second
    return None


def _growths(
    series: str, stretches: tuple[Stretch, Stretch], evidence: tuple[Evidence, Evidence], tolerance: float
) -> list[Difference]:
    # What has not moved at all is still known to a step of the scale only.
    first, second = (part.trend.growth.at_least(part.trend.resolution) for part in evidence if part.trend)
    lasts = evidence[1].lasts(tolerance)
    at_rest = " at rest" if evidence[0].settled else ""
    found = [_difference(f"growth{at_rest} per minute", series, "KiB", first, second, tolerance, lasts)]
    per_operation = [growth_per_operation(stretches[index], evidence[index]) for index in (0, 1)]
    for column in OPERATIONS:
        a, b = (growths.get(column.name) for growths in per_operation)
        paces = [stretch.pace_of(column.name) for stretch in stretches]
        if a is None or b is None or np.isnan(paces).any():
            continue
        a, b = (
            growth.at_least(part.trend.resolution * 1024 / pace)
            for growth, part, pace in zip((a, b), evidence, paces, strict=True)
            if part.trend
        )
        most = tolerance * 1024 / paces[0]
        found.append(_difference(f"growth{at_rest} per {column.each}", series, "bytes", a, b, most, lasts))
    return found


def _levels(series: str, stretches: tuple[Stretch, Stretch], tolerance: float) -> list[Difference]:
    first, second = (_level(stretch, series) for stretch in stretches)
    highest = [float(np.nanmax(y)) / 1024 for stretch in stretches if (y := stretch.values(series)) is not None]
    if first is None or second is None:
        return []
    peaks = [_exactly(peak).at_least(PAGE_KIB) for peak in highest]
    return [
        _difference("level after warm-up", series, "KiB", first, second, tolerance * first.value),
        _difference("peak", series, "KiB", peaks[0], peaks[1], tolerance * highest[0]),
    ]


def _level(stretch: Stretch, series: str) -> Interval | None:
    """The mean under load after warm-up; its interval allows for autocorrelation by way of twelve blocks' means.

    None of too few samples to know the interval.
    """
    t, y = stretch.under_load.points(series, stretch.minutes, settled=False)
    tail = y[t >= t[0] + TAIL_SHARE * (t[-1] - t[0])] / 1024 if len(t) else y
    if len(tail) < _FEWEST_FOR_A_LEVEL:
        return None
    means = np.array([block.mean() for block in np.array_split(tail, min(12, len(tail)))])
    reach = _NORMAL_95 * float(means.std(ddof=1)) / math.sqrt(len(means))
    return _exactly(float(tail.mean())).at_least(max(reach, PAGE_KIB))


def _exactly(value: float) -> Interval:
    return Interval(value, value, value)


def _difference(
    measure: str, series: str, unit: str, a: Interval, b: Interval, tolerance: float, lasts: bool = True
) -> Difference:
    value = b.value - a.value
    reach = math.hypot((a.high - a.low) / 2, (b.high - b.low) / 2)
    excess = value - tolerance
    probability = NormalDist().cdf(excess / (reach / _NORMAL_95)) if reach else float(excess > 0)
    interval = Interval(value, value - reach, value + reach)
    worse = interval.low > tolerance and lasts
    return Difference(measure, series, unit, a, b, interval, tolerance, probability, lasts, worse)
