"""Thinning: peaks, dips, ends and gaps stay; what is left out changes nothing in the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from exporter.report.thinning import thin


def noise(samples: int) -> "np.typing.NDArray[np.float64]":
    return np.random.default_rng(3).normal(0, 1, samples)


def test_few_samples_stay_as_they_are() -> None:
    t, y = np.arange(100.0), noise(100)
    line = thin(t, y, 1000)
    assert (line.t == t).all()
    assert (line.y == y).all()
    assert line.samples == 100


def test_a_million_samples_keep_a_single_peak_and_a_single_dip() -> None:
    t, y = np.arange(1_000_000.0), noise(1_000_000)
    y[123_456], y[654_321] = 50.0, -50.0
    line = thin(t, y, 2000)
    assert len(line.t) <= 2002
    assert line.samples == 1_000_000
    assert line.t[line.y.argmax()] == 123_456
    assert line.t[line.y.argmin()] == 654_321
    assert (line.t[0], line.t[-1]) == (0, 999_999)


def test_a_step_needs_its_corners_only() -> None:
    y = np.repeat([1.0, 5.0], 500)
    line = thin(np.arange(1000.0), y, 4000)
    assert line.t.tolist() == [0, 499, 500, 999]
    assert line.y.tolist() == [1, 1, 5, 5]


def test_a_gap_in_time_breaks_the_line_there_and_nowhere_else() -> None:
    t = np.concatenate((np.arange(0.0, 100), np.arange(400.0, 500)))
    line = thin(t, noise(200), 1000)
    assert np.isnan(line.y).sum() == 1
    assert 99 < line.t[np.isnan(line.y)][0] < 400


@pytest.mark.parametrize("every", [10, 30])
def test_a_column_that_is_filled_now_and_then_is_one_line(every: int) -> None:
    y = np.full(3000, np.nan)
    y[::every] = noise(3000 // every)
    line = thin(np.arange(3000.0), y, 1000)
    assert not np.isnan(line.y).any()
    assert line.samples == 3000 // every


def test_very_many_gaps_leave_the_longest() -> None:
    t = np.cumsum(np.tile([1.0, 1.0, 1.0, 60.0], 1000))
    t[2000:] += 500
    line = thin(t, noise(4000), 500)
    broken = line.t[np.isnan(line.y)]
    assert len(broken) == 100
    assert ((t[1999] < broken) & (broken < t[2000])).any()


@pytest.mark.parametrize("samples", [0, 1, 2])
def test_hardly_any_sample(samples: int) -> None:
    line = thin(np.arange(float(samples)), np.ones(samples), 100)
    assert len(line.t) == samples


def test_a_column_without_a_value_is_an_empty_line() -> None:
    assert len(thin(np.arange(5.0), np.full(5, np.nan), 100).t) == 0


@given(
    arrays.arrays(np.float64, st.integers(3, 400), elements=st.floats(-1e9, 1e9)),
    st.integers(16, 100),
)
def test_no_value_is_made_up_and_no_extreme_is_lost(y: "np.typing.NDArray[np.float64]", most: int) -> None:
    t = np.arange(float(len(y)))
    line = thin(t, y, most)
    assert (y[line.t.astype(int)] == line.y).all()
    assert (line.y.max(), line.y.min()) == (y.max(), y.min())
    assert (np.diff(line.t) > 0).all()
    assert len(line.t) <= most + 2
