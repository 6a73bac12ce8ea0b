import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from costly_properties import percent_of_examples
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exporter.analysis.doubling import judge_doubling, with_phases
from exporter.analysis.evidence import Evidence
from exporter.analysis.judgement import Doubling, Interval, Settings
from exporter.analysis.readings import memory_at_rest
from exporter.analysis.series import Run
from exporter.analysis.stretch import longest_stretch
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

KIB = 1024
MIB = 1024 * KIB
Floats = NDArray[np.float64]
NOISE_BYTES = 30 * KIB


def readings(added: list[float], seed: int = 4) -> list[NDArray[np.float64]]:
    """Five readings at rest before the first phase and after each, which adds so many bytes."""
    rng = np.random.default_rng(seed)
    levels = 8e6 + np.concatenate(([0.0], np.cumsum(added)))
    return [level + NOISE_BYTES * rng.standard_normal(5) for level in levels]


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ([512e3, 512e3], Verdict.LEAK),
        ([2000e3, 10e3], Verdict.NO_LEAK),
        ([0.0, 0.0], Verdict.NO_LEAK),
        ([2000e3, 400e3], Verdict.INCONCLUSIVE),
    ],
)
def test_a_leak_adds_the_same_again_and_a_cache_does_not(added: list[float], expected: Verdict) -> None:
    assert judge_doubling(readings(added), [2000, 2000]).verdict is expected


@pytest.mark.parametrize(("added", "expected"), [(70e3, Verdict.LEAK), (50e3, Verdict.NO_LEAK)])
def test_growth_by_no_more_than_readings_differ_is_none(added: float, expected: Verdict) -> None:
    still = [np.full(5, 8e6 + number * added) for number in range(3)]
    found = judge_doubling(still, [500, 500], acquit_bytes=200)
    assert found.verdict is expected
    assert ("readings may differ" in found.reason) is (expected is Verdict.NO_LEAK)


def test_growing_phases_leak_per_operation() -> None:
    found = judge_doubling(readings([256e3, 512e3, 1024e3]), [1000, 2000, 4000])
    assert found.verdict is Verdict.LEAK
    assert all(growth.low < 256 < growth.high for growth in found.growth)
    assert "it goes on" in found.reason


@pytest.mark.parametrize(
    ("added", "payments"),
    [([10e3, 0.0, 1024e3], [1000, 2000, 4000]), ([7e3, 30e3, 130e3], [20, 40, 80])],
    ids=["once and late", "warm-up of the first minute"],
)
def test_growth_that_one_phase_alone_shows_is_no_leak(added: list[float], payments: list[int]) -> None:
    found = judge_doubling(readings(added), payments)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the phase before it shows none" in found.reason


def test_too_few_operations_for_the_noise_are_inconclusive() -> None:
    assert judge_doubling(readings([5e3, 5e3]), [20, 20]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("phases", "operations"), [(1, [10]), (2, [10]), (2, [10, 0])])
def test_phases_that_do_not_fit_are_refused(phases: int, operations: list[int]) -> None:
    with pytest.raises(ValueError, match="two phases or more"):
        judge_doubling(readings([0.0] * phases), operations)


MINUTES = 8.0
PAYMENTS_PER_MINUTE = 300.0
ENDS = (1 / 8, 1 / 4, 1 / 2, 1.0)


def in_phases(added: Callable[[Floats], Floats], *, ended: float = 1.0, every: float = 10.0, seed: int = 5) -> Run:
    """A run whose native heap at rest grows with the payments: a sample every second, at rest every so many seconds
    and at the last five seconds of a phase; it ended after a share of its time.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(0, ended * MINUTES * 60 + 1)
    payments = np.floor(t / 60 * PAYMENTS_PER_MINUTE)
    share = t / (MINUTES * 60)
    ends = np.array(ENDS) * MINUTES * 60
    closing = ((ends[:, None] - t >= 0) & (ends[:, None] - t < 5)).any(axis=0)
    settled = closing | (t % every == 0)
    heap = (
        8 * MIB + added(payments) + NOISE_BYTES * rng.standard_normal(len(t)) + ~settled * rng.uniform(0, MIB, len(t))
    )
    return Run.of(
        "phases",
        elapsed_sec=t,
        rss_bytes=60 * MIB + heap,
        heap_allocated_bytes=heap,
        heap_native_bytes=heap,
        payments=payments,
        settled=settled.astype(float),
        load_phase=np.searchsorted(ENDS[:-1], share, side="left").astype(float),
    )


def without_phases(run: Run) -> Run:
    return Run.of(run.name, **{name: values for name, values in run.columns.items() if name != "load_phase"})


def leak(payments: Floats) -> Floats:
    return 1024 * payments


def cache(payments: Floats) -> Floats:
    """Fills within the first third of the load."""
    return 1024 * np.minimum(payments, 800)


@pytest.mark.parametrize(("added", "expected"), [(leak, Verdict.LEAK), (cache, Verdict.NO_LEAK)])
@pytest.mark.parametrize("every", [10.0, 1e9])
def test_the_phases_of_a_run_tell_the_twins_apart(
    added: Callable[[Floats], Floats], expected: Verdict, every: float
) -> None:
    found = judge(in_phases(added, every=every))
    assert found.verdict is expected
    assert {each.verdict for each in found.doubling.values()} == {expected}
    assert found.series == ("heap_native_bytes" if expected is Verdict.LEAK else found.series)


def test_the_phases_decide_where_the_trend_at_rest_does_not() -> None:
    run = in_phases(leak, every=1e9)
    assert judge(without_phases(run)).verdict is Verdict.INCONCLUSIVE
    assert judge(run).verdict is Verdict.LEAK


@pytest.mark.parametrize("added", [leak, cache])
def test_a_run_that_ended_before_its_second_phase_is_judged_without_them(added: Callable[[Floats], Floats]) -> None:
    run = in_phases(added, ended=0.24)
    found, plain = judge(run), judge(without_phases(run))
    assert (found.verdict, found.reason) == (plain.verdict, plain.reason)
    assert {each.verdict for each in found.doubling.values()} == {Verdict.INCONCLUSIVE}


def test_a_run_that_goes_on_is_not_judged_by_its_phases() -> None:
    assert judge(in_phases(leak), Settings(sequential=True)).doubling == {}


@pytest.mark.parametrize(
    ("by_trend", "missed", "last", "expected"),
    [
        (Verdict.INCONCLUSIVE, 300.0, (Verdict.LEAK, 20.0), Verdict.LEAK),
        (Verdict.INCONCLUSIVE, 300.0, (Verdict.NO_LEAK, 0.0), Verdict.NO_LEAK),
        (Verdict.INCONCLUSIVE, 300.0, (Verdict.INCONCLUSIVE, 20.0), Verdict.INCONCLUSIVE),
        (Verdict.NO_LEAK, 30.0, (Verdict.LEAK, 20.0), Verdict.LEAK),
        (Verdict.NO_LEAK, 3.0, (Verdict.LEAK, 20.0), Verdict.INCONCLUSIVE),
        (Verdict.NO_LEAK, 3.0, (Verdict.NO_LEAK, 0.0), Verdict.NO_LEAK),
    ],
)
def test_trend_and_phases_must_leave_room_for_each_other(
    by_trend: Verdict, missed: float, last: tuple[Verdict, float], expected: Verdict
) -> None:
    stretch = longest_stretch(in_phases(leak))
    verdict, kib_per_min = last
    bytes_per_payment = kib_per_min * KIB / PAYMENTS_PER_MINUTE
    around = Interval(bytes_per_payment, bytes_per_payment - 1, bytes_per_payment + 1)
    trend = Evidence("heap_native_bytes", True, by_trend, None, stretch.minutes, MINUTES, 48, missed, "the trend")
    found = with_phases(trend, Doubling(verdict, (), around, "the phases"), stretch)
    assert found.verdict is expected
    assert ("the trend; but the phases" in found.reason) is (by_trend is Verdict.NO_LEAK and expected is not verdict)


@pytest.mark.parametrize(("added", "expected"), [(leak, Verdict.LEAK), (np.zeros_like, Verdict.INCONCLUSIVE)])
def test_a_leak_by_the_phases_does_not_stand_beside_a_trend_that_may_be_none(
    added: Callable[[Floats], Floats], expected: Verdict
) -> None:
    stretch = longest_stretch(without_phases(in_phases(added)))
    undecided = replace(memory_at_rest(stretch, "heap_native_bytes", Settings()), verdict=Verdict.INCONCLUSIVE)
    assert undecided.trend is not None
    found = with_phases(undecided, Doubling(Verdict.LEAK, (), Interval(1.0, 0.5, 1.5), "the phases"), stretch)
    assert found.verdict is expected


def test_a_leak_by_trend_does_not_stand_where_the_last_phase_leaves_no_room_for_it() -> None:
    stretch = longest_stretch(without_phases(in_phases(leak)))
    trend = memory_at_rest(stretch, "heap_native_bytes", Settings())
    assert trend.verdict is Verdict.LEAK
    nothing = Doubling(Verdict.NO_LEAK, (), Interval(0, -10, 10), "the phases")
    assert with_phases(trend, nothing, stretch).verdict is Verdict.INCONCLUSIVE
    as_much = Doubling(Verdict.NO_LEAK, (), Interval(1000, 0, 2000), "the phases")
    assert with_phases(trend, as_much, stretch) is trend


figure = st.one_of(st.floats(0, 1e9), st.just(float("nan")))
mark = st.sampled_from([0.0, 1.0, float("nan")])


@settings(max_examples=percent_of_examples(60))
@given(st.lists(st.tuples(figure, figure, figure, mark, mark, st.sampled_from([0.0, 1.0, 2.0, 3.0])), max_size=60))
def test_whatever_the_marks_of_a_run_are_it_is_judged(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows, dtype=float).reshape(-1, 6)
    names = ("elapsed_sec", "heap_allocated_bytes", "payments", "settled", "trimmed", "load_phase")
    columns = {name: table[:, index] for index, name in enumerate(names)}
    found = judge(Run.of("random", rss_bytes=columns["heap_allocated_bytes"], **columns))
    assert found.verdict in Verdict
    json.dumps(found.as_dict(), allow_nan=False)
