"""Exit codes, and when a load counts as failed."""

from collections import Counter

import pytest

from exporter.errors import ExporterError, LoadError, SubjectError
from exporter.record.state import LoadCounters
from exporter.record.terms import Verdict
from exporter.runs.outcome import Outcome, load_failure
from exporter.settings.verdict import FailOn


@pytest.mark.parametrize(
    ("interrupted", "error", "verdict", "fail_on", "code"),
    [
        (False, None, Verdict.NO_LEAK, "leak", 0),
        (False, None, Verdict.INCONCLUSIVE, "leak", 0),
        (False, None, Verdict.LEAK, "leak", 1),
        (False, None, Verdict.LEAK, "inconclusive", 1),
        (False, None, Verdict.LEAK, "never", 0),
        (False, None, Verdict.INCONCLUSIVE, "inconclusive", 3),
        (False, None, Verdict.INCONCLUSIVE, "never", 0),
        (False, SubjectError("x"), Verdict.LEAK, "leak", 4),
        (False, LoadError("x"), Verdict.NO_LEAK, "never", 5),
        (True, None, Verdict.LEAK, "leak", 130),
        (True, LoadError("x"), Verdict.NO_LEAK, "leak", 130),
    ],
)
def test_exit_codes(
    interrupted: bool, error: ExporterError | None, verdict: Verdict, fail_on: FailOn, code: int
) -> None:
    assert Outcome(interrupted, error, verdict).exit_code(fail_on) == code


@pytest.mark.parametrize(
    ("paid", "failed", "ratio", "said"),
    [
        (0, 0, 0.5, "none was tried"),
        (0, 3, 1.0, "3 failed"),
        (5, 5, 0.5, None),
        (4, 5, 0.5, "5 of 9 payments failed, a share of 0.56"),
        (1, 0, 0.0, None),
        (1, 1, 0.0, "1 of 2 payments failed"),
    ],
)
def test_a_load_has_failed(paid: int, failed: int, ratio: float, said: str | None) -> None:
    load = LoadCounters(payments=Counter(spark=paid), failures=Counter(spark=failed))
    error = load_failure("python", load, ratio)
    assert said is None if error is None else said is not None and said in str(error)


def test_failures_on_purpose_do_not_count() -> None:
    load = LoadCounters(payments=Counter(spark=1), expected_failures=Counter(insufficient_funds=99))
    assert load_failure("python", load, 0.0) is None


def test_a_load_of_nothing_but_failures_on_purpose_says_so() -> None:
    error = load_failure("python", LoadCounters(expected_failures=Counter(insufficient_funds=99)), 0.5)
    assert error is not None
    assert "(99 failed on purpose); let more of them succeed" in str(error)
