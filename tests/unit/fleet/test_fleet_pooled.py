"""Pooled estimates on simulated twins: what is claimed of many is true as often as it says."""

import math

import numpy as np
import pytest
from fleet_plans import around

from exporter.analysis.judgement import Interval
from exporter.fleet.pooled import Estimate, difference, holm, pool

ROUNDS = 600


def simulated(rng: np.random.Generator, runs: int, growth: float, between: float, within: float) -> list[Interval]:
    """The growth of runs that differ by ``between``, each known up to ``within``, as standard deviations."""
    return [around(rng.normal(growth, math.hypot(between, within)), 1.96 * within) for _ in range(runs)]


def estimate(runs: list[Interval]) -> Estimate:
    found = pool(runs)
    assert found is not None
    return found


def test_nothing_is_pooled_of_nothing_and_one_run_is_itself() -> None:
    assert pool([]) is None
    interval = estimate([around(12.0, 3.0)]).interval
    assert (interval.low, interval.high) == pytest.approx((9.0, 15.0))


@pytest.mark.fuzz
@pytest.mark.parametrize("runs", [2, 3, 5, 10])
@pytest.mark.parametrize("between", [0.0, 20.0])
def test_the_interval_holds_the_truth_as_often_as_it_says(runs: int, between: float) -> None:
    rng = np.random.default_rng(1)
    intervals = [estimate(simulated(rng, runs, 100.0, between, 10.0)).interval for _ in range(ROUNDS)]
    held = sum(each.low <= 100.0 <= each.high for each in intervals) / ROUNDS
    assert held >= 0.93


def test_many_runs_know_more_than_one() -> None:
    rng = np.random.default_rng(2)
    one, many = (estimate(simulated(rng, runs, 100.0, 5.0, 10.0)).interval for runs in (1, 20))
    assert many.high - many.low < (one.high - one.low) / 2


def test_a_run_that_knows_more_counts_more() -> None:
    assert estimate([around(0.0, 1.0), around(100.0, 1000.0)]).value == pytest.approx(0.0, abs=1.0)


def test_runs_that_contradict_each_other_are_known_badly() -> None:
    interval = estimate([around(0.0, 1.0), around(100.0, 1.0), around(200.0, 1.0)]).interval
    assert interval.low < 0.0 < 200.0 < interval.high


def test_runs_that_agree_to_the_byte_can_be_pooled() -> None:
    assert estimate([around(7.0, 0.0)] * 3).value == pytest.approx(7.0)


def test_twins_differ_only_where_one_leaks() -> None:
    rng = np.random.default_rng(3)
    clean, again, leaking = (estimate(simulated(rng, 3, growth, 2.0, 3.0)) for growth in (0.0, 0.0, 500.0))
    assert difference(clean, again)[1] > 0.05
    found, probability = difference(clean, leaking)
    assert found.interval.low < 500.0 < found.interval.high
    assert probability < 0.01


@pytest.mark.fuzz
@pytest.mark.parametrize(("runs", "between"), [(2, 20.0), (4, 3.0), (4, 20.0)])
def test_of_many_comparisons_of_alike_hardly_ever_one_is_called_different(runs: int, between: float) -> None:
    rng = np.random.default_rng(4)
    false = 0
    for _ in range(150):
        columns = [estimate(simulated(rng, runs, 0.0, between, 5.0)) for _ in range(6)]
        pairs = [difference(a, b)[1] for index, a in enumerate(columns) for b in columns[index + 1 :]]
        false += min(holm(pairs)) < 0.05
    assert false / 150 <= 0.08


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
