"""What the cells of a plan show together: a row for each combination, the drivers compared, and where it leaks."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

from exporter.analysis.judgement import RESIDENT, Interval
from exporter.exit_codes import ExitCode
from exporter.fleet.axes import where_it_leaks
from exporter.fleet.cells import Cell, Combination, cells_of
from exporter.fleet.plan import Plan
from exporter.fleet.pooled import Estimate, difference, holm, pool
from exporter.fleet.result import Result
from exporter.record.columns import OPERATIONS
from exporter.record.terms import Verdict
from exporter.settings.verdict import FailOn

SIGNIFICANT = 0.05
# What a whole matrix ends with is the first of these that a part of it does.
_GRAVEST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.DEFECT,
    ExitCode.LEAK,
    ExitCode.SUBJECT_DIED,
    ExitCode.LOAD_FAILED,
    ExitCode.USAGE,
    ExitCode.INCONCLUSIVE,
    ExitCode.NO_LEAK,
)


@dataclass(frozen=True, slots=True)
class Row:
    """The runs of one combination as one judgement.

    ``verdict`` is None without a run that gave one; ``verdicts`` counts theirs, ``failed`` are the cells that ended
    otherwise, with the exit codes, and ``missing`` those without a result. Growth is pooled, of ``growth_series``:
    that which all runs tell of, or else resident memory; ``growth_bytes_per`` is that per operation, by its column.
    """

    combination: Combination
    cells: tuple[int, ...]
    verdict: Verdict | None
    verdicts: Mapping[str, int]
    failed: Mapping[int, int]
    missing: tuple[int, ...]
    growth_series: str
    growth_kib_per_min: Interval | None
    growth_bytes_per: Mapping[str, Interval]
    peak_bytes: int | None
    payments: int
    failures: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much faster one driver grows than another under the same load; ``probability`` is Holm's, over all of them.

    It is that of as large a difference if there were none.
    """

    scenario: str
    duration: str
    slower: str
    faster: str
    growth_series: str
    difference_kib_per_min: Interval
    probability: float

    @property
    def significant(self) -> bool:
        return self.probability < SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Summary:
    """All of a matrix: its rows, the drivers compared, what it comes to in a sentence, and the exit code."""

    name: str
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    finding: str
    verdict: Verdict
    exit_code: int


def summarize(plan: Plan, results: Mapping[int, Result], *, interrupted: bool = False) -> Summary:
    """Put the results, by cell, together."""
    by_combination: dict[Combination, list[Cell]] = {}
    for cell in cells_of(plan):
        by_combination.setdefault(cell.combination, []).append(cell)
    rows = tuple(_row(cells, results) for cells in by_combination.values())
    verdicts = {row.combination: row.verdict for row in rows if row.verdict is not None}
    codes = [_exit_code(row, plan.fail_on) for row in rows]
    if interrupted:
        codes.append(ExitCode.INTERRUPTED)
    return Summary(
        name=plan.name,
        rows=rows,
        comparisons=tuple(_compared(rows, results)),
        finding=where_it_leaks(verdicts),
        verdict=_gravest(list(verdicts.values()), complete=len(verdicts) == len(rows)),
        exit_code=min(codes, key=_GRAVEST_FIRST.index),
    )


def _row(cells: Sequence[Cell], results: Mapping[int, Result]) -> Row:
    found = {cell.number: results[cell.number] for cell in cells if cell.number in results}
    ended = {number: result for number, result in found.items() if result.judged}
    verdicts = Counter(str(result.verdict) for result in ended.values())
    series, growths = _growths(list(ended.values()))
    growth = pool(growths)
    return Row(
        combination=cells[0].combination,
        cells=tuple(cell.number for cell in cells),
        verdict=_joint(verdicts, growth, cells[0].config.threshold_kib_per_min),
        verdicts=dict(verdicts),
        failed={number: result.exit_code for number, result in found.items() if number not in ended},
        missing=tuple(cell.number for cell in cells if cell.number not in found),
        growth_series=series,
        growth_kib_per_min=None if growth is None else growth.interval,
        growth_bytes_per=_growths_per(list(ended.values())),
        peak_bytes=max((each.peak_bytes for each in found.values() if each.peak_bytes is not None), default=None),
        payments=sum(each.payments or 0 for each in found.values()),
        failures=sum(each.failures or 0 for each in found.values()),
    )


def _growths(results: Sequence[Result]) -> tuple[str, list[Interval]]:
    """The series that growth can be pooled of, and each run's growth of it."""
    told = {result.growth_series for result in results if result.growth_kib_per_min is not None}
    if len(told) == 1:
        return told.pop(), [each.growth_kib_per_min for each in results if each.growth_kib_per_min is not None]
    return RESIDENT, [each.resident_kib_per_min for each in results if each.resident_kib_per_min is not None]


def _growths_per(results: Sequence[Result]) -> dict[str, Interval]:
    """The growth per operation, pooled over the runs that tell it."""
    names = [column.name for column in OPERATIONS]
    told = {name: [each.growth_bytes_per[name] for each in results if name in each.growth_bytes_per] for name in names}
    pooled = {name: pool(growths) for name, growths in told.items()}
    return {name: estimate.interval for name, estimate in pooled.items() if estimate is not None}


def _joint(verdicts: Mapping[str, int], growth: Estimate | None, threshold: float) -> Verdict | None:
    """One verdict of many: what more than half of the runs show, or a leak in one that the pooled growth confirms."""
    runs = sum(verdicts.values())
    if not runs:
        return None
    leaks = verdicts.get(Verdict.LEAK, 0)
    if leaks * 2 > runs or (leaks and growth is not None and growth.interval.low > threshold):
        return Verdict.LEAK
    return Verdict.NO_LEAK if not leaks and verdicts.get(Verdict.NO_LEAK, 0) * 2 > runs else Verdict.INCONCLUSIVE


def _compared(rows: Sequence[Row], results: Mapping[int, Result]) -> Iterator[Comparison]:
    """Every two drivers under the same load, where at least two runs of each tell of the same growth.

    One run knows nothing of how runs of the same driver differ, and what it alone calls different is so too often.
    """
    found: list[tuple[Row, Row, str, Estimate, float]] = []

    def load(row: Row) -> tuple[str, str]:
        return row.combination.scenario, row.combination.duration

    for _, alike in groupby(sorted(rows, key=load), key=load):
        for pair in combinations(alike, 2):
            series, estimates = _in_common(pair, results)
            if len(estimates) == 2 and all(math.isfinite(each.freedom) for each in estimates):
                slower, faster = sorted(zip(estimates, pair, strict=True), key=lambda each: each[0].value)
                found.append((slower[1], faster[1], series, *difference(slower[0], faster[0])))
    for (slow, fast, series, by, _), probability in zip(found, holm([each[-1] for each in found]), strict=True):
        one, other = slow.combination, fast.combination
        yield Comparison(one.scenario, one.duration, one.driver, other.driver, series, by.interval, probability)


def _in_common(pair: Sequence[Row], results: Mapping[int, Result]) -> tuple[str, list[Estimate]]:
    """The series that both rows can be compared by, and the estimates of each that has one."""
    runs = [[results[cell] for cell in row.cells if cell in results and results[cell].judged] for row in pair]
    series, _ = _growths([*runs[0], *runs[1]])
    pooled = [
        pool([each.growth_kib_per_min for each in some if each.growth_kib_per_min])
        if series != RESIDENT
        else pool([each.resident_kib_per_min for each in some if each.resident_kib_per_min])
        for some in runs
    ]
    return series, [each for each in pooled if each is not None]


def _exit_code(row: Row, fail_on: FailOn) -> ExitCode:
    """What a row says to scripts: the gravest of its failures and its verdict."""
    known = set(ExitCode)
    codes = [ExitCode(code) if code in known else ExitCode.LOAD_FAILED for code in row.failed.values()]
    if row.missing:
        codes.append(ExitCode.LOAD_FAILED)
    if row.verdict is Verdict.LEAK and fail_on != "never":
        codes.append(ExitCode.LEAK)
    if row.verdict is Verdict.INCONCLUSIVE and fail_on == "inconclusive":
        codes.append(ExitCode.INCONCLUSIVE)
    return min([*codes, ExitCode.NO_LEAK], key=_GRAVEST_FIRST.index)


def _gravest(verdicts: Sequence[Verdict], *, complete: bool) -> Verdict:
    if Verdict.LEAK in verdicts:
        return Verdict.LEAK
    return Verdict.NO_LEAK if complete and set(verdicts) == {Verdict.NO_LEAK} else Verdict.INCONCLUSIVE
