"""The history: constant size, nothing lost that the page relies on."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.publish.history import History, Point, as_columns, observed

START = 1_700_000_000.0
levels = st.none() | st.integers(min_value=0, max_value=2**40)


@st.composite
def observations(draw: st.DrawFn) -> list[Point]:
    """Return observations at growing times with growing counters."""
    steps = draw(
        st.lists(
            st.tuples(st.floats(0.001, 500), levels, levels, levels, st.integers(0, 50), st.integers(0, 5)), max_size=80
        )
    )
    time, payments, failures = START, 0, 0
    points = []
    for pause, rss, heap, settled, paid, failed in steps:
        time, payments, failures = time + pause, payments + paid, failures + failed
        points.append(observed(time, rss=rss, heap=heap, settled_heap=settled, payments=payments, failures=failures))
    return points


def history_of(points: list[Point], capacity: int) -> History:
    history = History(capacity)
    for point in points:
        history.add(point)
    return history


def extreme(points: list[Point], name: str, choose: Callable[[list[int]], int]) -> int | None:
    values = [value for point in points if (value := getattr(point, name)) is not None]
    return choose(values) if values else None


@given(observations(), st.integers(2, 20))
def test_never_holds_more_than_its_capacity(points: list[Point], capacity: int) -> None:
    history = History(capacity)
    for point in points:
        history.add(point)
        assert len(history.since(None)) <= capacity


@given(observations(), st.integers(2, 20))
def test_times_grow(points: list[Point], capacity: int) -> None:
    times = [point.time for point in history_of(points, capacity).since(None)]
    assert times == sorted(set(times))


@given(observations(), st.integers(2, 20))
def test_extremes_survive_thinning(points: list[Point], capacity: int) -> None:
    kept = history_of(points, capacity).since(None)
    for level in ("rss", "heap"):
        assert extreme(kept, f"{level}_lowest_bytes", min) == extreme(points, f"{level}_bytes", min)
        assert extreme(kept, f"{level}_highest_bytes", max) == extreme(points, f"{level}_bytes", max)


@given(observations().filter(bool), st.integers(2, 20))
def test_the_last_point_is_the_present(points: list[Point], capacity: int) -> None:
    last = history_of(points, capacity).since(None)[-1]
    assert (last.time, last.payments, last.failures) == (points[-1].time, points[-1].payments, points[-1].failures)


@given(observations(), st.integers(2, 20))
def test_counters_never_fall(points: list[Point], capacity: int) -> None:
    payments = [point.payments for point in history_of(points, capacity).since(None)]
    assert payments == sorted(payments)


@given(observations(), st.integers(2, 20))
def test_resolution_only_ever_doubles(points: list[Point], capacity: int) -> None:
    resolution = history_of(points, capacity).resolution
    assert resolution.is_integer()
    assert int(resolution).bit_count() == 1


@given(observations(), st.integers(2, 20), st.floats(START, START + 50_000))
def test_since_leaves_out_earlier_points_only(points: list[Point], capacity: int, since: float) -> None:
    history = history_of(points, capacity)
    assert history.since(since) == [point for point in history.since(None) if point.time >= since]


def test_an_hour_of_seconds_keeps_steps_of_eight_seconds() -> None:
    points = [observed(START + i, rss=i, heap=0, settled_heap=None, payments=i, failures=0) for i in range(3600)]
    history = history_of(points, 600)
    kept = history.since(None)
    assert history.resolution == 8
    assert len(kept) == 450
    assert (kept[0].rss_lowest_bytes, kept[0].rss_highest_bytes, kept[0].rss_bytes) == (0, 7, 7)


def test_columns_have_one_length() -> None:
    points = [observed(START + i, rss=i, heap=None, settled_heap=None, payments=0, failures=0) for i in range(5)]
    columns = as_columns(points)
    assert {len(column) for column in columns.values()} == {5}
    assert columns["rss_bytes"] == [0, 1, 2, 3, 4]
    assert columns["heap_bytes"] == [None] * 5


def test_no_points_make_empty_columns() -> None:
    assert set(map(len, as_columns([]).values())) == {0}


def test_refuses_to_go_back_in_time() -> None:
    history = history_of([observed(START, rss=1, heap=1, settled_heap=1, payments=0, failures=0)], 5)
    with pytest.raises(ValueError, match="is before"):
        history.add(observed(START - 1, rss=1, heap=1, settled_heap=1, payments=0, failures=0))


@pytest.mark.parametrize(("capacity", "resolution"), [(1, 1.0), (10, 0.0)])
def test_refuses_a_history_without_room(capacity: int, resolution: float) -> None:
    with pytest.raises(ValueError, match="needs room"):
        History(capacity, resolution)
