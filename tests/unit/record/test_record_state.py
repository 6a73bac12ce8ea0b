"""The present of a run: quantiles of its histograms, and the sum of a subject's heaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.record.state import Histogram, SubjectState


def latencies(*seconds: float) -> Histogram:
    histogram = Histogram()
    for value in seconds:
        histogram.observe(value)
    return histogram


@pytest.mark.parametrize(
    ("seconds", "share", "expected"),
    [((), 0.5, None), ((0.07,), 0.5, 0.075), ((0.01, 0.07, 0.2, 0.2), 0.5, 0.1), ((99.0,), 0.5, 60.0)],
)
def test_quantiles_are_linear_within_a_bucket(seconds: tuple[float, ...], share: float, expected: float | None) -> None:
    assert latencies(*seconds).quantile(share) == pytest.approx(expected)


@given(st.lists(st.floats(min_value=0, max_value=59), min_size=1), st.floats(min_value=0.01, max_value=1))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(seconds: list[float], share: float) -> None:
    histogram = latencies(*seconds)
    found = histogram.quantile(share)
    rank = max(-(-share * len(seconds) // 1), 1)
    true = sorted(seconds)[int(rank) - 1]
    above = next(bound for bound in histogram.bounds if bound >= true)
    assert found is not None
    assert found <= above + 1e-9


@pytest.mark.parametrize(
    ("subject", "sum_of_heaps"),
    [
        (SubjectState("x", pid=1, heap_bytes={"python": 3, "unheard_of": 4}), 7),
        (SubjectState("x", pid=1, heap_bytes={"python": 3}, unreadable_heaps=("native",)), None),
        (SubjectState("x", pid=1), None),
        (SubjectState("x", heap_bytes={"python": 3}), None),
    ],
)
def test_the_heaps_have_a_sum_where_all_of_them_are_known(subject: SubjectState, sum_of_heaps: int | None) -> None:
    assert subject.heap_sum == sum_of_heaps
