from collections.abc import Callable
from itertools import accumulate

import numpy as np
import pytest

from exporter.analysis.alternatives import alternatives
from exporter.analysis.csv_cells import Floats
from exporter.analysis.floors import all_floors
from exporter.analysis.slope import slope

T = np.arange(36.0)


@pytest.mark.parametrize(("phi", "least"), [(0.0, 0.87), (0.6, 0.83), (0.95, 0.79), (1.0, 0.68)])
def test_how_often_the_bounds_hold_the_truth(phi: float, least: float) -> None:
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(400):
        noise = list(accumulate(rng.standard_normal(200).tolist(), lambda before, shock: phi * before + shock))[-36:]
        bounds = slope(T, 2.0 * T + noise).bounds(0.9)
        held += bounds.low <= 2.0 <= bounds.high
    # The nearer to a random walk, the shorter they fall of 90 %: see docs/verdict-method.md.
    assert held / 400 > least


def test_an_exact_line_has_no_error() -> None:
    found = slope(T, 3.0 * T + 5)
    assert found.value == pytest.approx(3.0)
    assert found.error == pytest.approx(0.0, abs=1e-9)


def test_a_flat_series_has_no_slope() -> None:
    found = slope(T, np.full(36, 7.0))
    assert found.value == pytest.approx(0.0, abs=1e-12)
    assert found.error == pytest.approx(0.0, abs=1e-12)


def test_floors_do_not_see_a_sawtooth() -> None:
    t = np.arange(3600) / 60
    tooth = 30_000.0 * (t % 0.5) / 0.5
    for points in all_floors(t, 1000.0 + tooth):
        assert np.ptp(points.y) < 0.1 * 30_000


def test_floors_of_a_million_samples_follow_the_series() -> None:
    t = np.linspace(0, 60, 1_000_000)
    points = all_floors(t, 100.0 * t)[0]
    assert np.polyfit(points.t, points.y, 1)[0] == pytest.approx(100.0, rel=0.01)


@pytest.mark.parametrize(("remaining", "probable"), [(0.0, False), (100.0, True)])
def test_growth_that_levels_off_is_told_from_growth_that_goes_on(remaining: float, probable: bool) -> None:
    rng = np.random.default_rng(5)
    t = np.arange(0.5, 60)
    y = 20_000 * (1 - np.exp(-t / 8)) + remaining * t + 100 * rng.standard_normal(len(t))
    found = alternatives(t, y)
    assert (found.probability_above(25.0) > 0.9) is probable
    assert (found.upper_bound(0.03) < 50.0) is not probable
    assert 10 < found.warmup < 30


@pytest.mark.parametrize(
    ("grown", "ends"),
    [(lambda t: 20_000 * (1 - np.exp(-t / 8)), True), (lambda t: 5_000 * np.log1p(t / 5), False)],
    ids=["warm-up", "logarithm"],
)
def test_what_levels_off_and_never_ends_leaves_growth_afterwards(grown: Callable[[Floats], Floats], ends: bool) -> None:
    t = np.arange(0.5, 60)
    found = alternatives(t, grown(t) + 100 * np.random.default_rng(5).standard_normal(len(t)))
    assert (found.afterwards.upper_bound(0.03) < 40.0) is ends


@pytest.mark.parametrize(("size", "warm"), [(0.0, False), (60.0, True)])
def test_a_straight_line_in_pages_has_no_warmup(size: float, warm: bool) -> None:
    t = np.arange(0, 60, 1 / 30)
    pages = np.floor((13.96 * t + size * (1 - np.exp(-t / 4))) / 4)
    found = alternatives(*_points(t, 4 * pages))
    assert (found.warmup > 0) is warm


def _points(t: Floats, y: Floats) -> tuple[Floats, Floats]:
    floors = all_floors(t, y)[0]
    return floors.t, floors.y
