"""The clock of a run: always forward, whatever the record holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.analysis.series import Run
from exporter.analysis.timeline import continued, timeline

NAN = float("nan")


def run_of(elapsed: list[float], **columns: list[float]) -> Run:
    arrays = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    return Run.of("run", elapsed_sec=np.array(elapsed, dtype=np.float64), **arrays)


@pytest.mark.parametrize(
    ("counter", "expected"),
    [
        ([0, 3, 5], [0, 3, 5]),
        ([4, 5, 0, 2], [4, 5, 5, 7]),
        ([4, 5, 1, 2], [4, 5, 6, 7]),
        ([NAN, 2, NAN, 3], [2, 2, 2, 3]),
        ([NAN, NAN], [0, 0]),
        ([], []),
    ],
)
def test_a_counter_goes_on_after_a_reset(counter: list[float], expected: list[float]) -> None:
    assert continued(np.array(counter)).tolist() == expected


@given(st.lists(st.one_of(st.integers(0, 1000).map(float), st.just(NAN)), max_size=50))
def test_a_continued_counter_never_falls(counter: list[float]) -> None:
    assert (np.diff(continued(np.array(counter, dtype=np.float64))) >= 0).all()


@given(st.lists(st.one_of(st.floats(0, 1e6), st.just(NAN)), max_size=50))
def test_seconds_always_rise(elapsed: list[float]) -> None:
    times = timeline(run_of(elapsed))
    assert len(times.seconds) == sum(not np.isnan(second) for second in elapsed)
    assert (np.diff(times.seconds) > 0).all()


def test_a_record_that_starts_anew_goes_on_and_is_marked() -> None:
    times = timeline(run_of([0, 10, 20, 0, 10], payments=[0, 2, 4, 0, 2]))
    assert times.seconds.tolist() == [0, 10, 20, 30, 40]
    assert times.restarts.tolist() == [30]
    assert times.payments is not None
    assert np.floor(times.payments).tolist() == [0, 2, 4, 4, 6]


def test_a_restart_that_was_counted_is_marked() -> None:
    assert timeline(run_of([0, 10, 20, 30], restarts=[0, 0, 1, 1])).restarts.tolist() == [20]


def test_a_clean_record_is_not_marked() -> None:
    times = timeline(run_of([0, 10, 20], payments=[0, 2, 4]))
    assert times.restarts.size == 0
    assert times.seconds.tolist() == [0, 10, 20]


def test_payments_serve_as_an_axis_even_while_none_is_made() -> None:
    times = timeline(run_of([0, 1, 2, 3], payments=[0, 5, 5, 6]))
    assert times.payments is not None
    assert (np.diff(times.payments) > 0).all()
    assert np.abs(times.payments - [0, 5, 5, 6]).max() < 1


@pytest.mark.parametrize("payments", [[0, 0, 0], [NAN, NAN, NAN]])
def test_without_payments_there_is_no_such_axis(payments: list[float]) -> None:
    assert timeline(run_of([0, 1, 2], payments=payments)).payments is None


def test_reconnects_are_marked_when_they_happen() -> None:
    assert timeline(run_of([0, 1, 2, 3], reconnects=[0, 0, 1, 2])).reconnects.tolist() == [2, 3]


def test_instances_that_are_abandoned_are_reconnects_too() -> None:
    run = run_of([0, 1, 2, 3, 4], reconnects=[0, 0, 1, 1, 1], abandoned_instances=[0, 2, 2, 2, 4])
    assert timeline(run).reconnects.tolist() == [1, 2, 4]


def test_phases_are_spans() -> None:
    run = Run("run", {"elapsed_sec": np.arange(4.0)}, np.array([0, 0, 1, 1], dtype=np.int16), ("running", "stopping"))
    spans = [(span.start, span.end, span.name) for span in timeline(run).phases]
    assert spans == [(0, 2, "running"), (2, 3, "stopping")]


def test_a_phase_that_never_ends_is_not_worth_a_mark() -> None:
    assert timeline(run_of([0, 1])).phases == ()
