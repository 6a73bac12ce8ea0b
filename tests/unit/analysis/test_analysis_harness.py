"""The harnesses' own verdict, as they come to it, beside ours."""

import json

import numpy as np
import pytest

from exporter.analysis.csv_cells import Floats
from exporter.analysis.harness import harness_verdict
from exporter.analysis.judgement import Judgement
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict
from exporter.report.judgements import as_json, as_markdown, as_text

SECONDS = np.arange(0, 1800, 30.0)
MINUTES = SECONDS / 60
SAW = 3000.0 * (np.arange(len(SECONDS)) % 5)


def go_run(kib: Floats, goroutines: tuple[int, int] = (12, 12)) -> Run:
    counted = np.full(len(kib), float(goroutines[0]))
    counted[-1] = goroutines[1]
    heap = np.full(len(kib), 5e6)
    columns = {"heap_allocated_bytes": heap, "heap_inuse_bytes": heap, "goroutines": counted, "payments": MINUTES * 12}
    return Run.of("go.csv", elapsed_sec=SECONDS, rss_bytes=(60_000 + kib) * 1024, **columns)


@pytest.mark.parametrize(
    ("kib", "verdict"),
    [
        (101 * MINUTES, Verdict.LEAK),
        (99 * MINUTES, Verdict.NO_LEAK),
        (150 * MINUTES + 3 * SAW, Verdict.NO_LEAK),  # R² is below 0.7
        (20_000 * (1 - np.exp(-MINUTES / 10)), Verdict.LEAK),  # warm-up
        (0 * MINUTES, Verdict.NO_LEAK),
    ],
    ids=["above", "below", "hidden", "warm-up", "flat"],
)
def test_a_line_through_all_samples_decides(kib: Floats, verdict: Verdict) -> None:
    found = harness_verdict(go_run(kib))
    assert found is not None
    assert found.verdict is verdict
    n, x, y = len(kib), MINUTES, 60_000 + kib
    rise = n * (x * y).sum() - x.sum() * y.sum()
    assert found.growth_kib_per_min == pytest.approx(rise / (n * (x * x).sum() - x.sum() ** 2), abs=1e-6)
    assert found.r_squared == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2 if np.ptp(y) else 0.0, abs=1e-6)


@pytest.mark.parametrize(("end", "verdict"), [(25, Verdict.LEAK), (24, Verdict.NO_LEAK)])
def test_goroutines_that_more_than_double_are_a_leak(end: int, verdict: Verdict) -> None:
    found = harness_verdict(go_run(0 * MINUTES, (12, end)))
    assert found is not None
    assert (found.verdict, found.goroutines) == (verdict, (12, end))


def test_a_sample_without_a_time_is_left_out() -> None:
    run = go_run(150 * MINUTES)
    elapsed = SECONDS.copy()
    elapsed[7] = np.nan
    found = harness_verdict(Run.of("go.csv", **dict(run.columns) | {"elapsed_sec": elapsed}))
    assert found is not None
    assert (found.verdict, round(found.growth_kib_per_min)) == (Verdict.LEAK, 150)


def test_a_run_of_another_program_or_of_one_sample_has_none() -> None:
    ours = Run.of("ours.csv", elapsed_sec=SECONDS, rss_bytes=101 * 1024 * MINUTES)
    begun = Run.of("go.csv", **{name: values[:1] for name, values in go_run(MINUTES).columns.items()})
    assert harness_verdict(ours) is harness_verdict(begun) is None


def test_a_run_that_was_appended_to_another_is_judged_alone() -> None:
    former, last = go_run(101 * MINUTES, (1, 1)), go_run(0 * MINUTES)
    both = {name: np.concatenate([values, last.columns[name]]) for name, values in former.columns.items()}
    assert harness_verdict(Run.of("go.csv", **both)) == harness_verdict(last)


def test_it_stands_beside_ours_which_it_does_not_change() -> None:
    judgement = judge(go_run(20_000 * (1 - np.exp(-MINUTES / 10))))
    assert judgement.verdict is not Verdict.LEAK
    judged: list[tuple[str, Judgement]] = [("go.csv", judgement)]
    says = "leak (its own rule: one line through all samples, "
    assert f"the harness says {says}" in as_text(judged)
    assert f"- go.csv: the harness says: {says}" in as_markdown(judged)
    assert json.loads(as_json(judged))["runs"][0]["harness"]["verdict"] == "leak"
