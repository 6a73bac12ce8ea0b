"""Runs of a minute or two, with few readings at rest: the shape is that of recorded ones of the real SDK."""

import numpy as np
import pytest

from exporter.analysis.few import trend_of_few
from exporter.analysis.obvious import obvious_at_rest
from exporter.analysis.series import Run
from exporter.analysis.stretch import longest_stretch
from exporter.analysis.verdict import judge
from exporter.record.terms import Phase, Verdict

MIB = 1 << 20
KIB = 1024
THRESHOLD = 5.0


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
    assert not obvious_at_rest(trend, stretch, THRESHOLD)
    assert obvious_at_rest(trend_of_few(t, 9000 * t, 4.0), stretch, THRESHOLD)
    assert not obvious_at_rest(trend_of_few(t, 9000 * np.sqrt(t), 4.0), stretch, THRESHOLD)


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
