"""The collector: what a scrape shows of a run before, while and after a subject lives."""

import mmap
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import psutil
import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from samples import STARTED, sample

from exporter.publish.collector import make_registry
from exporter.publish.metrics import TABLE
from exporter.record.memory_limit import memory_limit_bytes
from exporter.record.state import Histogram, LoadCounters, RunState, SubjectState
from exporter.record.terms import Phase, Verdict

Scraped = dict[tuple[str, frozenset[tuple[str, str]]], float]


def run_with(**subject: Any) -> RunState:
    state = SubjectState("python", **subject)
    return RunState("demo", {"mem-interval": "30s"}, STARTED, 3600.0, {"python": state})


def scrape(run: RunState) -> Scraped:
    text = generate_latest(make_registry(run)).decode()
    return {
        (line.name, frozenset(line.labels.items())): line.value
        for family in parse_text(text)
        for line in family.samples
    }


def value(series: Scraped, name: str, **labels: str) -> float | None:
    return series.get((name, frozenset(labels.items())))


def names(series: Scraped) -> set[str]:
    return {name for name, _ in series}


def a_load() -> LoadCounters:
    load = LoadCounters(payments=Counter(spark=0), failures=Counter(spark=0), latency_seconds={"spark": Histogram()})
    load.sdk_events = Counter(payment_succeeded=0)
    return load


def test_first_scrape_works_before_the_subject_has_started() -> None:
    series = scrape(run_with())
    assert value(series, "memtest_up", driver="python") == 0
    assert value(series, "memtest_phase", driver="python", memtest_phase="starting") == 1
    assert value(series, "memtest_run_start_timestamp_seconds") == STARTED.timestamp()
    assert "memtest_load_start_timestamp_seconds" not in names(series)
    assert "memtest_resident_memory_bytes" not in names(series)


def test_known_series_start_at_zero() -> None:
    series = scrape(run_with(pid=os.getpid(), load=a_load()))
    assert value(series, "memtest_payments_total", driver="python", rail="spark") == 0
    assert value(series, "memtest_payment_failures_total", driver="python", rail="spark") == 0
    assert value(series, "memtest_payment_duration_seconds_count", driver="python", rail="spark") == 0
    assert value(series, "memtest_sdk_events_total", driver="python", event="payment_succeeded") == 0
    assert value(series, "memtest_csv_errors_total", driver="python") == 0


def test_settings_are_labels_of_the_info_metric_only() -> None:
    series = scrape(run_with())
    info = [dict(labels) for name, labels in series if name == "memtest_run_info"]
    assert [(labels["run"], labels["mem_interval"]) for labels in info] == [("demo", "30s")]
    assert not [name for name, labels in series if name != "memtest_run_info" and "run" in dict(labels)]


def test_resident_memory_is_read_at_the_scrape() -> None:
    run = run_with(pid=os.getpid())
    before = value(scrape(run), "memtest_resident_memory_bytes", driver="python")
    ballast = mmap.mmap(-1, 64_000_000)  # pages of its own, whatever the allocator has to spare
    ballast.write(b"x" * len(ballast))
    after = value(scrape(run), "memtest_resident_memory_bytes", driver="python")
    assert before is not None
    assert after is not None
    assert after - before > 40_000_000
    ballast.close()


def test_levels_vanish_with_the_subject_and_counters_stay() -> None:
    load = a_load()
    load.payments["spark"] = 7
    load.balances_sats["alice"] = 900
    load.connected.update(listeners=2, instances=2)
    run = run_with(pid=os.getpid(), load=load, heap_bytes={"python": 5}, last_sample=sample(uss_bytes=3))
    lively = names(scrape(run))
    run.subjects["python"].pid = None
    series = scrape(run)
    assert lively - names(series) == {
        "memtest_subject_start_timestamp_seconds",
        "memtest_resident_memory_bytes",
        "memtest_unique_memory_bytes",
        "memtest_resident_anonymous_bytes",
        "memtest_resident_file_bytes",
        "memtest_resident_shared_bytes",
        "memtest_heap_bytes",
        "memtest_threads",
        "memtest_open_fds",
        "memtest_listeners",
        "memtest_instances",
        "memtest_wallet_balance_sats",
        "memtest_last_sample_timestamp_seconds",
        "memtest_probe_success",
    }
    assert value(series, "memtest_payments_total", driver="python", rail="spark") == 7


def test_failed_reading_costs_that_reading_only() -> None:
    run = run_with(pid=2**22 + 1, load=a_load())
    series = scrape(run)
    assert value(series, "memtest_probe_success", driver="python", probe="resident_memory") == 0
    assert "memtest_resident_memory_bytes" not in names(series)
    assert value(series, "memtest_payments_total", driver="python", rail="spark") == 0


def test_ended_process_that_nobody_waited_for_is_not_shown_as_zero_bytes() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        series = scrape(run_with(pid=child.pid))
    assert "memtest_resident_memory_bytes" not in names(series)
    assert value(series, "memtest_probe_success", driver="python", probe="resident_memory") == 0


def test_histogram_is_cumulative() -> None:
    load = a_load()
    for seconds in (0.03, 0.2, 99.0):
        load.latency_seconds["spark"].observe(seconds)
    series = scrape(run_with(load=load))
    stem = "memtest_payment_duration_seconds"
    bucket = {
        le: value(series, f"{stem}_bucket", driver="python", rail="spark", le=le) for le in ("0.05", "60.0", "+Inf")
    }
    assert bucket == {"0.05": 1, "60.0": 2, "+Inf": 3}
    assert value(series, f"{stem}_sum", driver="python", rail="spark") == pytest.approx(99.23)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [(Verdict.LEAK, "leak"), (Verdict.NO_LEAK, "no_leak"), (Verdict.INCONCLUSIVE, "inconclusive")],
)
def test_verdict_is_a_state_set(verdict: Verdict, state: str) -> None:
    run = run_with()
    run.verdict = verdict
    series = scrape(run)
    states = {dict(labels)["memtest_verdict"]: v for (name, labels), v in series.items() if name == "memtest_verdict"}
    assert states == {"leak": 0, "no_leak": 0, "inconclusive": 0} | {state: 1}


@pytest.mark.parametrize("phase", Phase)
def test_phase_is_a_state_set(phase: Phase) -> None:
    series = scrape(run_with(phase=phase))
    states = {dict(labels)["memtest_phase"]: v for (name, labels), v in series.items() if name == "memtest_phase"}
    assert states == dict.fromkeys(Phase, 0) | {phase: 1}


@pytest.mark.parametrize("phase", [None, 0, 2])
def test_a_load_in_phases_tells_the_one_that_it_is_in(phase: int | None) -> None:
    series = scrape(run_with(pid=os.getpid(), load_phase=phase))
    assert value(series, "memtest_load_phase", driver="python") == phase


def test_settled_heaps_carry_the_time_of_their_sample() -> None:
    series = scrape(run_with(last_settled=sample(heap_python_bytes=10, heap_native_bytes=20, settled=1)))
    assert value(series, "memtest_settled_heap_bytes", driver="python", heap="native") == 20
    assert value(series, "memtest_settled_heap_bytes", driver="python", heap="mmap") is None
    assert value(series, "memtest_settled_timestamp_seconds", driver="python") == STARTED.timestamp()


def test_load_times() -> None:
    run = run_with()
    run.load_started_at = STARTED
    series = scrape(run)
    assert value(series, "memtest_load_end_timestamp_seconds") == STARTED.timestamp() + 3600


def test_every_name_scraped_is_in_the_table_or_the_exporters_own() -> None:
    text = generate_openmetrics(make_registry(run_with(pid=os.getpid(), load=a_load()))).decode()
    families = {family.name for family in parse_openmetrics(text)}
    known = {metric.name.removesuffix("_total").removesuffix("_info") for metric in TABLE}
    assert {name for name in families - known if not name.startswith("process_")} == set()


def test_hostile_names_are_escaped() -> None:
    run = run_with(pid=os.getpid())
    run.name = 'quote " backslash \\ newline \n'
    assert value(scrape(run), "memtest_up", driver="python") == 1
    assert [dict(labels)["run"] for name, labels in scrape(run) if name == "memtest_run_info"] == [run.name]


def test_registry_knows_the_names_so_that_they_can_be_asked_for_one_by_one() -> None:
    registry = make_registry(run_with())
    text = generate_latest(registry.restricted_registry(["memtest_up"])).decode()
    assert [line for line in text.splitlines() if not line.startswith("#")] == ['memtest_up{driver="python"} 0.0']


def test_start_of_the_subject_is_its_process_start() -> None:
    process = psutil.Process()
    assert value(scrape(run_with(pid=process.pid)), "memtest_subject_start_timestamp_seconds", driver="python") == (
        process.create_time()
    )


def test_subject_that_is_gone_has_no_start() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    series = scrape(run_with(pid=ended.pid))
    assert value(series, "memtest_subject_start_timestamp_seconds", driver="python") is None


def test_memory_limit_is_published() -> None:
    assert value(scrape(run_with()), "memtest_memory_limit_bytes") == memory_limit_bytes()
