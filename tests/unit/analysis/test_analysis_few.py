"""Runs of a minute or two, with few readings at rest: the shape is that of recorded ones of the real SDK."""

from dataclasses import replace

import numpy as np
import pytest

from exporter.analysis.few import trend_of_few, without_strays
from exporter.analysis.judgement import HEAP
from exporter.analysis.obvious import obvious_at_rest
from exporter.analysis.series import Run
from exporter.analysis.stretch import longest_stretch
from exporter.analysis.verdict import judge
from exporter.record.terms import Phase, Verdict

MIB = 1 << 20
KIB = 1024


def short(
    minutes: float, gap: float, *, bytes_per_payment: float = 0.0, warmup_mib: float = 0.0, warmup_min: float = 2.0
) -> Run:
    """A run of a payment every 0.6 s: every ``gap`` seconds a sample at rest, the last just after the load."""
    times = [*np.arange(1, minutes * 60, gap).tolist(), minutes * 60 + 0.5]
    seconds = np.array([0.0, *times, times[-1] + 0.1])
    payments = np.minimum(seconds, minutes * 60) // 0.6
    grown = bytes_per_payment * payments + warmup_mib * MIB * (1 - np.exp(-seconds / 60 / warmup_min))
    noise = np.random.default_rng(3).uniform(0, 30 * KIB, len(seconds))
    settled, trimmed = np.ones(len(seconds)), np.zeros(len(seconds))
    trimmed[[0, -1]] = 1
    phases = np.array([0, *[1] * (len(times) - 1), 2, 2], dtype=np.int16)
    columns = {
        "elapsed_sec": seconds,
        "rss_bytes": 50 * MIB + grown + 2 * MIB * (trimmed == 0),
        "heap_allocated_bytes": 24 * MIB + grown + noise,
        "heap_native_bytes": 8 * MIB + grown + noise,
        "payments": payments,
        "settled": settled,
        "trimmed": trimmed,
    }
    return Run("short", columns, phases, (Phase.FUNDING, Phase.RUNNING, Phase.STOPPING))


@pytest.mark.parametrize(("bytes_per_payment", "expected"), [(0, Verdict.NO_LEAK), (90_000, Verdict.LEAK)])
@pytest.mark.parametrize("gap", [5, 16])
def test_two_minutes_tell_the_twins_apart(bytes_per_payment: float, expected: Verdict, gap: float) -> None:
    found = judge(short(2, gap, bytes_per_payment=bytes_per_payment))
    assert found.verdict is expected
    if expected is Verdict.NO_LEAK:
        assert found.missed_kib_per_min is not None
        assert found.missed_bytes_per_payment == pytest.approx(found.missed_kib_per_min * KIB / 100, rel=0.02)


@pytest.mark.parametrize(
    ("bytes_per_payment", "expected"),
    [(0, Verdict.INCONCLUSIVE), (90_000, Verdict.LEAK), (9_000, Verdict.INCONCLUSIVE)],
)
def test_a_minute_shows_an_obvious_leak_only(bytes_per_payment: float, expected: Verdict) -> None:
    found = judge(short(1, 18, bytes_per_payment=bytes_per_payment))
    assert found.verdict is expected
    if expected is Verdict.LEAK:
        assert found.series == "heap_native_bytes"
        assert found.growth_bytes_per_payment is not None
        assert found.growth_bytes_per_payment.low < 90_000 < found.growth_bytes_per_payment.high
    else:
        assert "another 4 min" in found.would_decide


def test_a_large_warm_up_slows_down_and_is_no_obvious_leak() -> None:
    assert judge(short(1, 10, warmup_mib=20)).verdict is Verdict.INCONCLUSIVE


def test_a_seeded_leak_of_a_kib_a_payment_is_not_acquitted_with_a_bound_below_it() -> None:
    found = judge(short(2, 8, bytes_per_payment=1024))
    assert found.verdict is not Verdict.NO_LEAK or (found.missed_bytes_per_payment or 0.0) > 1024


def test_growth_is_never_surer_than_readings_repeat() -> None:
    t = np.linspace(0, 1, 6)
    trend = trend_of_few(t, 100 * t, 4.0)
    assert trend.low < 0 < trend.growth.value == pytest.approx(100)
    stretch = longest_stretch(short(2, 16))
    assert not obvious_at_rest(trend, stretch, HEAP)
    assert obvious_at_rest(trend_of_few(t, 9000 * t, 4.0), stretch, HEAP)
    assert not obvious_at_rest(trend_of_few(t, 9000 * np.sqrt(t), 4.0), stretch, HEAP)


@pytest.mark.parametrize(("each", "expected"), [(2, Verdict.LEAK), (0, Verdict.INCONCLUSIVE)])
def test_instances_that_leave_memory_and_descriptors_behind_are_a_leak(each: int, expected: Verdict) -> None:
    """As the SDK does: the first instances take more than the later ones, and each holds a descriptor or two."""
    run = short(1, 16)
    abandoned = np.array([0, 0, 8, 12, 16, 18, 18])[: len(run)]
    heap = 8 * MIB + KIB * np.array([0, 0, 4700, 6250, 7920, 8700, 8700])[: len(run)]
    columns = dict(run.columns) | {
        "heap_native_bytes": heap,
        "heap_allocated_bytes": heap + 16 * MIB,
        "abandoned_instances": abandoned.astype(np.float64),
        "payments": np.array([0.0, 0, 42, 63, 83, 97, 97])[: len(run)],
        "open_fds": 20.0 + each * abandoned,
    }
    found = judge(Run("abandoned", columns, run.phases, run.phase_names))
    assert found.verdict is expected


@pytest.mark.parametrize(("kept", "expected"), [(1.0, Verdict.LEAK), (0.0, Verdict.INCONCLUSIVE)])
def test_abandoned_instances_show_on_a_slow_machine_too(kept: float, expected: Verdict) -> None:
    """Four readings, as the SDK gave them beside a load of 15: ever fewer instances a minute."""
    abandoned = np.array([0.0, 6, 10, 12, 12])
    heap = KIB * np.array([8104.0, 11542, 13251, 14006, 14006])
    columns = {
        "elapsed_sec": np.array([0.7, 17.8, 36.9, 62.3, 62.4]),
        "rss_bytes": 50 * MIB + heap,
        "heap_allocated_bytes": 15 * MIB + heap,
        "heap_native_bytes": heap,
        "abandoned_instances": abandoned,
        "payments": np.array([0.0, 30, 50, 66, 66]),
        "open_fds": np.where(kept, np.array([20.0, 45, 50, 50, 50]), 20.0),
        "settled": np.ones(5),
        "trimmed": np.array([0.0, 0, 0, 0, 1]),
    }
    phases = np.array([0, 0, 0, 1, 1], dtype=np.int16)
    found = judge(Run("slow", columns, phases, (Phase.RUNNING, Phase.STOPPING)))
    assert found.verdict is expected
    assert ("each of the 12 abandoned instances left memory and a descriptor behind" in found.reason) == bool(kept)


READINGS = np.array([5.0, 60, 714, 117, 140, 116, 176, 128])  # KiB of a clean run, the third with a connection open


@pytest.mark.parametrize(
    ("readings", "left_out"),
    [
        (READINGS, [2]),
        (np.array([4.0, 64, 34, 59, 51, 111, 72, 423, 74]), [7]),
        (np.array([4.0, 64, 34, 59, 51, 111, 420, 423, 430]), []),
        (np.array([4.0, 900, 34, 900, 51, 900, 60, 900, 70]), []),
        (READINGS[:6], []),
        (300 * np.arange(9.0), []),
    ],
    ids=["one", "last but one", "growth at the end", "every second", "too few", "a line"],
)
def test_strays_are_left_out_and_growth_is_not(readings: np.ndarray, left_out: list[int]) -> None:
    t = np.linspace(0, 2, len(readings))
    kept, values = without_strays(t, readings)
    assert values.tolist() == np.delete(readings, left_out).tolist()
    assert len(kept) == len(values)


def test_a_connection_that_is_open_at_one_reading_hides_no_acquittal() -> None:
    run = short(2, 16)
    strayed = {name: run.columns[name].copy() for name in ("heap_allocated_bytes", "heap_native_bytes")}
    for values in strayed.values():
        values[4] += 600 * KIB
    found = judge(Run("strayed", dict(run.columns) | strayed, run.phases, run.phase_names))
    assert found.verdict is Verdict.NO_LEAK


@pytest.mark.parametrize(("minutes", "gap"), [(1.6, 6), (2, 16)])
def test_few_readings_show_growth_that_is_even_and_well_known(minutes: float, gap: float) -> None:
    leak = judge(short(minutes, gap, bytes_per_payment=20_000))
    assert leak.verdict is Verdict.LEAK
    assert leak.growth_bytes_per_payment is not None
    assert leak.growth_bytes_per_payment.low < 20_000 < leak.growth_bytes_per_payment.high
    assert judge(short(minutes, gap, warmup_mib=32, warmup_min=15)).verdict is Verdict.INCONCLUSIVE


def test_few_readings_show_no_leak_whose_growth_is_known_roughly() -> None:
    assert judge(short(2, 16, bytes_per_payment=2_000)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("gap", "descriptors", "expected"),
    [
        (16, [20, 30, 40, 50, 60, 70, 80, 90, 100], Verdict.LEAK),
        (20, [20, 24, 28, 32, 36, 40, 44], Verdict.INCONCLUSIVE),
        (20, [20, 44, 44, 44, 44, 44, 44], Verdict.NO_LEAK),
        (20, [20, 40, 22, 44, 24, 30, 44], Verdict.NO_LEAK),
    ],
)
def test_a_heap_acquits_no_descriptors_that_only_rise(gap: float, descriptors: list[float], expected: Verdict) -> None:
    run = short(2, gap)
    open_fds = np.array([descriptors[0], *descriptors, descriptors[-1]], dtype=np.float64)
    found = judge(replace(run, columns={**run.columns, "open_fds": open_fds}))
    assert found.verdict is expected
    if expected is Verdict.INCONCLUSIVE:
        assert "only rises, by 24 in 7 readings" in found.reason
