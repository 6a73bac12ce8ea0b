"""Student's t distribution agrees with SciPy's, near the middle and far out, for few degrees of freedom and many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtr, stdtrit

from exporter.analysis.student import cumulative, quantile

FREEDOM = st.floats(1, 1e5)


@given(FREEDOM, st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_the_distribution_is_scipys(freedom: float, t: list[float]) -> None:
    # SciPy's own is off by some 1e-9 next to 0.
    np.testing.assert_allclose(cumulative(freedom, np.array(t)), stdtr(freedom, t), rtol=0, atol=1e-8)


@given(FREEDOM, st.floats(0.5, 0.9995))
def test_the_quantile_is_scipys(freedom: float, probability: float) -> None:
    assert quantile(freedom, probability) == pytest.approx(float(stdtrit(freedom, probability)), rel=1e-7, abs=1e-8)


def test_the_shape_of_the_points_stays() -> None:
    assert cumulative(5.0, np.zeros((2, 3))).tolist() == [[0.5] * 3] * 2
