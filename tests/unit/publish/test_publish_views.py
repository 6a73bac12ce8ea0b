"""What is rendered: sharing of expositions, the run as JSON, the recorder."""

import gzip
import os
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, Gauge
from samples import STARTED, sample

from exporter.publish.exposition import SHARED_SECONDS, Exposition
from exporter.publish.recorder import Recorder
from exporter.publish.run_view import describe_run, elapsed_seconds
from exporter.record.state import RunState
from exporter.record.terms import Phase

ALL = frozenset[str]()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gauge() -> Gauge:
    return Gauge("a", "help", registry=CollectorRegistry())


def exposition_of(gauge: Gauge, clock: Clock) -> Exposition:
    registry = CollectorRegistry()
    registry.register(gauge)
    return Exposition(registry, clock)


def test_scrapes_within_a_tenth_of_a_second_share_a_rendering(gauge: Gauge, clock: Clock) -> None:
    exposition = exposition_of(gauge, clock)
    first = exposition.render(False, ALL, False)
    gauge.set(1)
    clock.now += SHARED_SECONDS / 2
    assert exposition.render(False, ALL, False) is first


def test_later_scrapes_are_rendered_fresh(gauge: Gauge, clock: Clock) -> None:
    exposition = exposition_of(gauge, clock)
    exposition.render(False, ALL, False)
    gauge.set(1)
    clock.now += SHARED_SECONDS
    assert b"a 1.0" in exposition.render(False, ALL, False)
    assert b"a 1.0" in exposition.render(True, ALL, False)
    assert b"a 1.0" in gzip.decompress(exposition.render(True, ALL, True))


def test_formats_names_and_encodings_are_kept_apart(gauge: Gauge, clock: Clock) -> None:
    exposition = exposition_of(gauge, clock)
    renderings = {
        exposition.render(openmetrics, names, compressed)
        for openmetrics in (False, True)
        for names in (ALL, frozenset({"other"}))
        for compressed in (False, True)
    }
    assert len(renderings) == 8


def test_many_different_questions_are_not_all_kept(gauge: Gauge, clock: Clock) -> None:
    exposition = exposition_of(gauge, clock)
    for number in range(1000):
        exposition.render(False, frozenset({f"name_{number}"}), False)
    gauge.set(1)
    assert b"a 1.0" in exposition.render(False, ALL, False)


def test_elapsed_time_counts_from_the_load_and_stops_with_it(run: RunState) -> None:
    now = STARTED + timedelta(seconds=30)
    assert elapsed_seconds(run, now) == 0
    run.load_started_at = STARTED
    assert elapsed_seconds(run, now) == 30
    run.finished = True
    run.subjects["python"].last_sample = sample(elapsed_sec=29.5)
    assert elapsed_seconds(run, now + timedelta(hours=1)) == 29.5


def test_run_describes_latency_by_quantiles(run: RunState) -> None:
    for _ in range(100):
        run.subjects["python"].load.latency_seconds["spark"].observe(0.06)
    latency = describe_run(run, STARTED)["subjects"]["python"]["load"]["latency_seconds"]["spark"]
    assert (latency["count"], latency["sum"]) == (100, pytest.approx(6.0))
    assert 0.05 < latency["p50"] < latency["p95"] < latency["p99"] < 0.1


def test_run_has_no_levels_of_a_subject_that_is_gone(run: RunState) -> None:
    run.subjects["python"].pid = None
    subject = describe_run(run, STARTED)["subjects"]["python"]
    assert (subject["up"], subject["resident_memory_bytes"], subject["heap_bytes"]) == (False, None, {})
    assert subject["load"]["payments"] == {"spark": 3}


def test_recorder_sees_memory_and_counters(run: RunState) -> None:
    recorder = Recorder(run)
    recorder.record(1000.0)
    run.subjects["python"].load.payments["spark"] += 4
    recorder.record(1001.0)
    first, second = recorder.histories["python"].since(None)
    assert first.rss_bytes is not None
    assert first.rss_bytes > 1_000_000
    assert (first.heap_bytes, first.payments, second.payments, second.failures) == (1000, 3, 7, 1)


def test_the_page_has_no_sum_of_heaps_where_the_csv_has_none(run: RunState) -> None:
    recorder = Recorder(run)
    subject = run.subjects["python"]
    subject.heap_bytes, subject.unreadable_heaps = {"python": 5}, ("native",)
    recorder.record(1000.0)
    assert [point.heap_bytes for point in recorder.histories["python"].since(None)] == [None]
    assert describe_run(run, STARTED)["subjects"]["python"]["heap_allocated_bytes"] is None


def test_recorder_takes_each_settled_sample_once(run: RunState) -> None:
    recorder = Recorder(run)
    run.subjects["python"].last_settled = sample(heap_allocated_bytes=5)
    recorder.record(1000.0)
    recorder.record(1001.0)
    run.subjects["python"].last_settled = sample(heap_allocated_bytes=5)
    recorder.record(1002.0)
    assert [point.settled_heap_bytes for point in recorder.histories["python"].since(None)] == [5, None, 5]


@pytest.mark.parametrize("phase", [Phase.STOPPING, Phase.STOPPED])
def test_recorder_passes_over_a_subject_that_is_taken_down(run: RunState, phase: Phase) -> None:
    recorder = Recorder(run)
    run.subjects["python"].phase = phase
    recorder.record(1000.0)
    assert recorder.histories["python"].since(None) == []


def test_recorder_passes_over_a_subject_that_is_not_there(run: RunState) -> None:
    recorder = Recorder(run)
    run.subjects["python"].pid = None
    recorder.record(1000.0)
    run.subjects["python"].pid = os.getpid()
    recorder.record(1001.0)
    assert [point.time for point in recorder.histories["python"].since(None)] == [1001.0]
