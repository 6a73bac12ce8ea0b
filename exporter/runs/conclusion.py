"""What a run comes to: each subject's report and verdict, the subjects compared, and one verdict on all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.analysis.judgement import Settings
from exporter.errors import ExporterError
from exporter.record.state import SubjectState
from exporter.record.terms import Verdict
from exporter.report.text import judge_csv, trend_report
from exporter.runs.growth import keep_growth
from exporter.runs.outcome import load_failure

if TYPE_CHECKING:
    from exporter.analysis.judgement import Judgement
    from exporter.analysis.series import Run

# The first of them that holds for a subject holds for the run.
_GRAVEST_FIRST = (Verdict.LEAK, Verdict.INCONCLUSIVE, Verdict.NO_LEAK)


@dataclass(frozen=True, slots=True)
class Measured:
    """A subject whose load is over: its CSV, what ended it early, and the CSV that it has written by itself."""

    state: SubjectState
    csv: Path
    error: ExporterError | None
    harness_csv: Path | None = None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The report of a run, its verdict with the reason, what made it worthless, and the subjects one by one."""

    subjects: "tuple[Judged, ...]"
    report: str
    verdict: Verdict
    reason: str
    error: ExporterError | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A subject with its samples, where they could be read, and its verdict."""

    state: SubjectState
    series: "Run | None"
    judgement: "Judgement"
    error: ExporterError | None


def conclude(subjects: Sequence[Measured], max_failure_ratio: float | None, rule: Settings | None = None) -> Conclusion:
    """Read the CSVs and judge them by the rule; a million rows take a while.

    More failed payments than ``max_failure_ratio`` are an error; None: no payment is expected.
    """
    judged = [_judge(subject, max_failure_ratio, rule) for subject in subjects]
    parts = [trend_report(each.series, each.judgement, each.state, each.error) for each in judged]
    if len(judged) > 1:
        parts = [f"\nDriver {each.state.driver}{part}" for each, part in zip(judged, parts, strict=True)]
        from exporter.report.side_by_side import side_by_side

        named = [(each.state.driver, each.series, each.judgement) for each in judged]
        parts.append(side_by_side(named))
    verdict, reason = gravest({each.state.driver: _verdict(each) for each in judged}, named=len(judged) > 1)
    if len(judged) > 1:
        parts.append(f"Verdict: {verdict}\n  {reason}")
    error = next((each.error for each in judged if each.error is not None), None)
    return Conclusion(tuple(judged), "\n".join(parts), verdict, reason, error)


def gravest(verdicts: dict[str, tuple[Verdict, str]], *, named: bool) -> tuple[Verdict, str]:
    """The verdict on a run, and why, from the verdicts and reasons by driver: a leak of one is a leak of the run.

    ``named`` says that the reason begins with the driver.
    """
    driver, (verdict, reason) = min(verdicts.items(), key=lambda item: _GRAVEST_FIRST.index(item[1][0]))
    return verdict, f"{driver}: {reason}" if named else reason


def _judge(subject: Measured, max_failure_ratio: float | None, rule: Settings | None) -> Judged:
    series, judgement = judge_csv(subject.csv, rule, subject.harness_csv)
    state = subject.state
    keep_growth(state, judgement.as_dict())
    error = subject.error
    if error is None and max_failure_ratio is not None:
        error = load_failure(state.driver, state.load, max_failure_ratio)
    return Judged(state, series and replace(series, name=state.driver), judgement, error)


def _verdict(judged: Judged) -> tuple[Verdict, str]:
    return judged.judgement.verdict, judged.judgement.reason
