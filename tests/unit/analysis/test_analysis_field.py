"""Recorded runs of released packages that leak, of their fixed releases, and of clean programs that look leaky.

`python -m benchmarks.field` made them, and `docs/field.md` tells of them.
"""

import functools
import lzma
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from field.cases import HERE, subjects

from exporter.analysis.judgement import Judgement, Kind
from exporter.analysis.series import Run, parse_csv
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded" / "field"
WATCHED = [(way.name, subject) for way in sorted(RECORDED.iterdir()) for subject in subjects()]
RUNS = {
    f"{way}/{subject.name}": subject.leaks
    for way, subject in WATCHED
    if (RECORDED / way / f"{subject.name}.csv.xz").exists()
}
LEAKING = [name for name, leaks in RUNS.items() if leaks]
CLEAN = [name for name, leaks in RUNS.items() if not leaks]
# Known failures, which may become right:
UNDECIDED = {
    "without_agent/ants_pools-2.7.0",
    "without_agent/node_fetch_agent-3.2.0",
    "without_agent/undici_signals-5.21.0",
}
FILLING = {  # accused until full
    *("with_agent/clean_database", "with_agent/clean_history", "with_agent/clean_lru_cache"),
    *("near_rest/clean_database", "near_rest/clean_history", "near_rest/clean_lru_cache"),
}
FULL_BYTES, FULL_MINUTES = 1 << 16, 2 / 3
LOOKS = (0.25, 0.5, 0.75)
CALLED_BY_MINUTE = {"python": 4.0, "go": 6.0}  # near rest


@functools.cache
def recorded(name: str) -> Run:
    return parse_csv(BytesIO(lzma.decompress((RECORDED / f"{name}.csv.xz").read_bytes())), name)


@functools.cache
def judged(name: str) -> Judgement:
    return judge(recorded(name))


def until(run: Run, share: float) -> Run:
    rows = round(len(run) * share)
    columns = {name: values[:rows] for name, values in run.columns.items()}
    return replace(run, columns=columns, phases=run.phases[:rows])


@pytest.mark.parametrize("name", LEAKING)
def test_finds_the_leak_of_a_released_package(name: str) -> None:
    verdict = judged(name).verdict
    assert verdict is Verdict.LEAK or (verdict is Verdict.INCONCLUSIVE and name in UNDECIDED)


@pytest.mark.fuzz
@pytest.mark.parametrize("name", LEAKING)
def test_acquits_no_leak_while_it_goes_on(name: str) -> None:
    run = recorded(name)
    assert Verdict.NO_LEAK not in [judge(until(run, share)).verdict for share in LOOKS]


@pytest.mark.parametrize("name", [name for name in LEAKING if name.startswith("near_rest/")])
def test_finds_a_leak_near_rest_within_minutes_and_states_its_size(name: str) -> None:
    run = recorded(name)
    subject = next(subject for subject in subjects() if name.endswith(subject.name))
    early = float((run.columns["elapsed_sec"] <= CALLED_BY_MINUTE[subject.language] * 60).mean())
    for found in (judge(until(run, early)), judged(name)):
        assert found.verdict is Verdict.LEAK
        assert found.evidence is Kind.SETTLED
    true = subject.heap_per_operation
    stated = found.growth_bytes_per_payment
    assert true is not None
    assert stated is not None
    assert stated.low <= true <= stated.high


def test_takes_back_what_it_said_of_a_cache_when_it_is_seen_to_be_full() -> None:
    run = recorded("near_rest/clean_history")
    minutes, heap = run.columns["elapsed_sec"] / 60, run.columns["heap_allocated_bytes"]
    full = minutes[heap > np.nanmax(heap) - FULL_BYTES][0]
    before, after = (judge(until(run, float((minutes <= full + more).mean()))) for more in (0, FULL_MINUTES))
    assert before.verdict is Verdict.LEAK
    assert after.verdict is Verdict.INCONCLUSIVE
    assert "it grows no more in the end" in after.reason


@pytest.mark.parametrize("name", CLEAN)
def test_never_accuses_a_clean_program(name: str) -> None:
    assert judged(name).verdict is not Verdict.LEAK


@pytest.mark.fuzz
@pytest.mark.parametrize("name", [name for name in CLEAN if name not in FILLING])
def test_accuses_no_clean_program_while_it_goes_on(name: str) -> None:
    run = recorded(name)
    assert Verdict.LEAK not in [judge(until(run, share)).verdict for share in LOOKS]


def test_every_case_is_whole() -> None:
    suffixes = {"python": ".py", "go": "/main.go", "node": ".mjs"}
    for subject in subjects():
        assert (HERE / "subjects" / subject.language / f"{subject.program}{suffixes[subject.language]}").exists()
    leaks = [subject for subject in subjects() if subject.leaks]
    assert all(subject.report.startswith("https://") and subject.left_per_operation > 0 for subject in leaks)
    assert {subject.language for subject in leaks} == {"python", "go", "node"}
