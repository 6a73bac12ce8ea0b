"""The schedule: payment k is due at start + k * interval, whatever the payments before it did."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.workload.pacing import Schedule

INTERVALS = st.floats(min_value=0.01, max_value=100)
STEPS = st.lists(st.floats(min_value=0, max_value=300), min_size=1, max_size=30)


def test_a_slow_payment_does_not_shift_the_following() -> None:
    schedule = Schedule(100.0, 5.0)
    assert schedule.delay(100.0) == 0
    assert schedule.take(100.0) == 0
    assert schedule.delay(107.0) == 0
    assert schedule.take(107.0) == 0
    assert schedule.delay(107.0) == 3.0


def test_slots_that_went_by_are_counted() -> None:
    schedule = Schedule(0.0, 5.0)
    assert schedule.take(0.0) == 0
    assert schedule.take(21.0) == 3
    assert schedule.delay(21.0) == 4.0


def test_as_fast_as_they_go() -> None:
    schedule = Schedule(0.0, 0.0)
    for now in (0.0, 0.1, 50.0):
        assert schedule.delay(now) == 0
        assert schedule.take(now) == 0


@given(INTERVALS, STEPS)
def test_every_slot_is_taken_or_missed(interval: float, steps: list[float]) -> None:
    schedule, now, taken, missed = Schedule(0.0, interval), 0.0, 0, 0
    for step in steps:
        now += step
        now += schedule.delay(now)
        missed += schedule.take(now)
        taken += 1
    slots_until_now = now / interval + 1
    # Waiting for the due time, the last slot may lie one rounding error ahead.
    assert slots_until_now - 1.001 <= taken + missed <= slots_until_now + 1.001
