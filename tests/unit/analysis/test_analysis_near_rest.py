"""A watched program whose heap is read near rest: twins that are told apart within minutes."""

import re

import numpy as np
import pytest

from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

KIB, MIB = 1 << 10, 1 << 20
STEP_SECONDS = 5.0
STEADY_FROM_SECONDS = 20.0


def watched(minutes: float, kib_per_min: float = 0.0, *, seed: int = 7, garbage_kib: float = 0.0) -> Run:
    """Ten operations a second; what was in the air at a reading differs, and garbage is collected every 2.5 min."""
    seconds = np.arange(0, minutes * 60 + 1, STEP_SECONDS)
    chance = np.random.default_rng(seed)
    warm_up = 30 * MIB * (1 - np.exp(-seconds / 3))
    garbage = garbage_kib * KIB * ((seconds / 150) % 1)
    grown = kib_per_min * KIB * seconds / 60
    heap = warm_up + grown + garbage + chance.exponential(8 * KIB, len(seconds))
    anonymous = 60 * MIB + warm_up + np.maximum.accumulate(grown + garbage + chance.exponential(64 * KIB, len(seconds)))
    return Run.of(
        "watched",
        elapsed_sec=seconds,
        rss_bytes=anonymous + 8 * MIB,
        rss_anon_bytes=anonymous,
        heap_allocated_bytes=heap + 2 * MIB,
        heap_python_bytes=heap,
        heap_native_bytes=np.full(len(seconds), 2.0 * MIB),
        payments=10 * seconds,
        instances=np.zeros(len(seconds)),
        settled=(seconds >= STEADY_FROM_SECONDS).astype(float),
    )


@pytest.mark.parametrize(("kib_per_min", "expected"), [(0, Verdict.NO_LEAK), (300, Verdict.LEAK)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_twins_are_told_apart(kib_per_min: float, expected: Verdict, seed: int) -> None:
    assert judge(watched(6, kib_per_min, seed=seed)).verdict is expected
    if expected is Verdict.LEAK:
        assert judge(watched(4, kib_per_min, seed=seed)).verdict is expected


@pytest.mark.parametrize("garbage_kib", [6000, 24000])
@pytest.mark.parametrize("minutes", np.arange(2, 8, 0.5))
def test_garbage_that_piles_up_is_no_leak(minutes: float, garbage_kib: float) -> None:
    assert judge(watched(minutes, garbage_kib=garbage_kib)).verdict is not Verdict.LEAK


@pytest.mark.parametrize(
    ("minutes", "kib_per_min", "expected"),
    [(15, 30, Verdict.INCONCLUSIVE), (15, 90, Verdict.LEAK), (25, 30, Verdict.LEAK)],
)
def test_slow_even_growth_is_a_leak_in_a_long_run_only(minutes: float, kib_per_min: float, expected: Verdict) -> None:
    """As a program grows that still compiles and learns: 20 to 40 KiB a minute."""
    assert judge(watched(minutes, kib_per_min)).verdict is expected


def test_only_the_heap_is_near_rest() -> None:
    found = judge(watched(6))
    assert {part.series for part in found.parts if part.evidence == "settled"} == {
        "heap_allocated_bytes",
        "heap_python_bytes",
        "heap_native_bytes",
    }


@pytest.mark.parametrize(("minutes", "told"), [(6, True), (25, False)])
def test_a_leak_says_which_cache_would_look_the_same(minutes: float, told: bool) -> None:
    found = judge(watched(minutes, 300))
    assert found.verdict is Verdict.LEAK
    caches = re.findall(r"has taken ([\d,]+) KiB since about minute [01] and is not full", "; ".join(found.flags))
    assert len(caches) == told
    assert all(0.8 * 300 * minutes < float(kib.replace(",", "")) < 300 * minutes for kib in caches)
