"""What the product and the other rules say of a run, and when they would have said it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from exporter.analysis.judgement import Interval, Judgement
from exporter.analysis.series import Run, read_csv
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

from .cases import Subject
from .rules import Line, mann_kendall, straight_line

_LOOK_MINUTES = 0.5
_FIRST_LOOK_MINUTES = 1.0
_STARTING_SEC = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The growth that the judgement tells of a series, with its 95 % interval, beside the true one, in one unit."""

    series: str
    unit: str
    interval: Interval
    true: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return self.interval.low <= self.true <= self.interval.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one run.

    ``right_at`` is the first look at which the verdict was right, ``right_from`` the first from which on it stayed so;
    both in minutes, None if there was none. ``wrong`` is the share of looks with the opposite of the truth.
    ``lines`` are the other rules.
    """

    subject: Subject
    minutes: float
    operations: float
    verdict: Verdict
    series: str
    reason: str
    right_at: float | None
    right_from: float | None
    wrong: float
    stated: Stated | None
    lines: dict[str, Line]
    lines_right_from: dict[str, float | None]

    @property
    def right(self) -> bool:
        """Whether the last verdict is the truth."""
        return self.verdict is _truth(self.subject)


def outcome(subject: Subject, csv: Path) -> Outcome:
    """Judge the run of ``subject``, whole and at each look while it went on, by samples that were there by then."""
    run = read_csv(csv)
    whole = judge(run)
    looks = [(minutes, judge(prefix).verdict) for minutes, prefix in _prefixes(run)]
    right = [(minutes, verdict is _truth(subject)) for minutes, verdict in looks]
    payments = run.columns["payments"]
    rules: dict[str, Callable[[Run], Line]] = {"straight line": straight_line, "Mann-Kendall": mann_kendall}
    return Outcome(
        subject=subject,
        minutes=float(run.columns["elapsed_sec"][-1]) / 60,
        operations=float(payments[-1] - payments[0]),
        verdict=whole.verdict,
        series=whole.series or "",
        reason=whole.reason,
        right_at=next((minutes for minutes, is_right in right if is_right), None),
        right_from=_from_when(right),
        wrong=float(np.mean([verdict is _opposite(subject) for _, verdict in looks])),
        stated=_stated(subject, run, whole) if subject.leaks else None,
        lines={name: rule(run) for name, rule in rules.items()},
        lines_right_from={
            name: _from_when([(minutes, rule(prefix).verdict is _truth(subject)) for minutes, prefix in _prefixes(run)])
            for name, rule in rules.items()
        },
    )


def _truth(subject: Subject) -> Verdict:
    return Verdict.LEAK if subject.leaks else Verdict.NO_LEAK


def _opposite(subject: Subject) -> Verdict:
    return Verdict.NO_LEAK if subject.leaks else Verdict.LEAK


def _prefixes(run: Run) -> list[tuple[float, Run]]:
    """The run as it stood at each look, the last look at its end."""
    minutes = run.columns["elapsed_sec"] / 60
    looks = [*np.arange(_FIRST_LOOK_MINUTES, minutes[-1], _LOOK_MINUTES), minutes[-1]]
    return [(float(look), _until(run, int(np.searchsorted(minutes, look, side="right")))) for look in looks]


def _until(run: Run, rows: int) -> Run:
    columns = {name: values[:rows] for name, values in run.columns.items()}
    return replace(run, columns=columns, phases=run.phases[:rows])


def _from_when(right: list[tuple[float, bool]]) -> float | None:
    since = None
    for minutes, is_right in right:
        since = (since or minutes) if is_right else None
    return since


def _stated(subject: Subject, run: Run, whole: Judgement) -> Stated | None:
    """The stated growth of what leaks, where its truth is known.

    The direct loop measures resident memory and heap in Python, and the live heap only in Go and Node: their resident
    memory grows by more than that, as their collectors see fit.
    """
    started = run.columns["elapsed_sec"] > _STARTING_SEC
    payments, seconds = run.columns["payments"][started], run.columns["elapsed_sec"][started]
    per_minute = float(np.ptp(payments)) / float(np.ptp(seconds)) * 60
    if subject.series != "memory":
        growth = next((part.growth_per_min for part in whole.parts if part.series == subject.series), None)
        true = subject.left_per_operation * per_minute
        return Stated(series=subject.series, unit="a minute", interval=growth, true=true) if growth else None
    series = whole.growth_series
    left = subject.heap_per_operation if series.startswith("heap") else subject.left_per_operation
    if not left or (subject.language != "python" and not series.startswith("heap")):
        return None
    if whole.growth_bytes_per_payment:
        growth = whole.growth_bytes_per_payment
        return Stated(series=series, unit="bytes an operation", interval=growth, true=left)
    if whole.growth_kib_per_min:
        true = left * per_minute / 1024
        return Stated(series=series, unit="KiB a minute", interval=whole.growth_kib_per_min, true=true)
    return None
