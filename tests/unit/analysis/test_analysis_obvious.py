"""Leaks that are obvious within a minute or two under load, beside clean programs that grow as fast for a while."""

import numpy as np
import pytest

from exporter.analysis.csv_cells import Floats
from exporter.analysis.judgement import ANONYMOUS, HEAP, Judgement
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

KIB, MIB = 1 << 10, 1 << 20
STEP_SECONDS = 5.0
PER_SECOND = 10.0
LEAK_MIB = 144.0  # a minute
BEGINS_WITH_MIB = 8.0


def judged(grown: Floats, *, counted: bool = True, base_mib: float = BEGINS_WITH_MIB, heap: str = "") -> Judgement:
    """A watch that takes a sample every five seconds; ``grown`` is in MiB, of the heap too if one is named."""
    seconds = np.asarray(np.arange(len(grown)) * STEP_SECONDS, dtype=np.float64)
    noise = np.random.default_rng(5).exponential(64 * KIB, len(seconds))
    anonymous = (base_mib * (1 - np.exp(-seconds / 2)) + 1 + grown) * MIB + noise
    columns = {ANONYMOUS: anonymous, "rss_bytes": anonymous + 8 * MIB, "instances": np.zeros(len(seconds))}
    if counted:
        columns["payments"] = np.floor(PER_SECOND * seconds)
    if heap:
        columns[HEAP] = columns[heap] = (2 + grown) * MIB
    return judge(Run.of("watched", elapsed_sec=seconds, **columns))


def minutes_of(length: float) -> Floats:
    """The times of the samples of so many minutes, in minutes."""
    return np.asarray(np.arange(0, length * 60 + 1, STEP_SECONDS) / 60, dtype=np.float64)


@pytest.mark.parametrize(
    ("length", "counted", "expected"),
    [
        (0.8, True, Verdict.INCONCLUSIVE),
        (70 / 60, True, Verdict.LEAK),
        (70 / 60, False, Verdict.INCONCLUSIVE),
        (2.1, False, Verdict.LEAK),
    ],
)
@pytest.mark.parametrize("heap", ["", "heap_python_bytes"])
def test_a_leak_of_144_mib_a_minute_is_obvious(length: float, counted: bool, expected: Verdict, heap: str) -> None:
    found = judged(LEAK_MIB * minutes_of(length), counted=counted, heap=heap)
    assert found.verdict is expected
    if expected is Verdict.LEAK:
        assert found.series in {ANONYMOUS, HEAP}
        assert found.growth_kib_per_min is not None
        assert found.growth_kib_per_min.value == pytest.approx(LEAK_MIB * KIB, rel=0.01)
        assert any("a cache that fills evenly looks the same" in flag for flag in found.flags)


CLEAN = {
    "loads 300 MiB in 40 s": lambda t: 300 * np.minimum(t / (40 / 60), 1),
    "cycles that pile up for 90 s": lambda t: 86 * (t % 1.5),
    "fills and slows down": lambda t: 400 * (1 - np.exp(-t / 2)),
    "three arenas of 64 MiB": lambda t: 64 * np.minimum(np.floor(2 * t), 3),
    "nothing": lambda t: 0 * t,
}


@pytest.mark.parametrize("length", np.arange(1, 5, 0.25))
@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_program_that_grows_for_a_while_is_not_accused(kind: str, length: float) -> None:
    t = minutes_of(length)
    for counted in (True, False):
        assert judged(CLEAN[kind](t), counted=counted).verdict is not Verdict.LEAK


@pytest.mark.parametrize("length", np.arange(1, 5, 0.25))
def test_a_program_that_starts_for_long_is_not_accused_before_it_counts(length: float) -> None:
    loaded = 300 * np.minimum(minutes_of(length) / (100 / 60), 1)
    assert judged(loaded, counted=False).verdict is not Verdict.LEAK


@pytest.mark.parametrize(("base_mib", "expected"), [(30, Verdict.LEAK), (300, Verdict.INCONCLUSIVE)])
def test_the_growth_is_measured_by_what_the_program_began_with(base_mib: float, expected: Verdict) -> None:
    assert judged(LEAK_MIB * minutes_of(1.5), base_mib=base_mib).verdict is expected


@pytest.mark.parametrize("heap", ["heap_go_bytes", "heap_jvm_bytes"])
def test_a_heap_with_its_garbage_shows_nothing_obvious(heap: str) -> None:
    grown = LEAK_MIB * minutes_of(3)
    assert judged(grown, heap=heap).verdict is Verdict.INCONCLUSIVE
    assert judged(grown, heap="heap_node_bytes").verdict is Verdict.LEAK


@pytest.mark.parametrize("length", [1.2, 3, 6, 9])
def test_fast_growth_is_never_called_too_noisy(length: float) -> None:
    found = judged(7 * minutes_of(length))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "too noisy" not in found.reason
    assert "is not full" in found.reason
    assert found.growth_bytes_per_payment is not None
    assert found.growth_bytes_per_payment.value == pytest.approx(7 * MIB / (60 * PER_SECOND), rel=0.05)


def test_growth_without_operations_is_not_told_by_their_count() -> None:
    t = minutes_of(3)
    memory = (BEGINS_WITH_MIB + LEAK_MIB * t) * MIB
    columns: dict[str, Floats] = {"elapsed_sec": 60 * t, "rss_bytes": memory, ANONYMOUS: memory}
    assert judge(Run.of("all at once", **columns, payments=100.0 * np.ceil(t / t[-1]))).verdict is Verdict.INCONCLUSIVE
    assert judge(Run.of("steady", **columns, payments=100.0 * t)).verdict is Verdict.LEAK
