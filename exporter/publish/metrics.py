"""Every metric that a run publishes: name, kind, labels, help and where its value comes from.

Those of probes and of what scenarios count are declared with them. The table is ``docs/metrics.md`` too.
"""

import platform
import re
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache

import psutil

from exporter import version
from exporter.publish.growth_metrics import GROWTH_METRICS
from exporter.publish.load_metrics import LOAD_METRICS
from exporter.publish.metric_types import (
    Metric,
    Series,
    Subject,
    each,
    level,
    levels,
    one,
    run_gauge,
    seconds,
    states,
    total,
)
from exporter.record.heap_columns import HEAPS
from exporter.record.memory_limit import LOOKED_UP_EVERY_SECONDS, memory_limit_bytes
from exporter.record.probes import COUNT_PROBES, PROBES, CountProbe, Probe
from exporter.record.sample import Sample
from exporter.record.state import RunState
from exporter.record.terms import Phase, Verdict


def _run_info(run: RunState) -> Iterator[Series]:
    settings = {re.sub(r"\W", "_", key, flags=re.ASCII): value for key, value in run.settings.items()}
    yield (
        (),
        settings | run.labels | {"run": run.name, "version": version(), "python_version": platform.python_version()},
    )


def _subject_info(subject: Subject) -> Iterator[Series]:
    state = subject.state
    yield (), {"sdk": state.sdk, "sdk_version": state.sdk_version, "language": state.language}


def _load_end(run: RunState) -> float | None:
    return run.load_started_at.timestamp() + run.duration_seconds if run.load_started_at else None


def _subject_start(subject: Subject) -> float | None:
    try:
        return _start_in(int(time.monotonic() // LOOKED_UP_EVERY_SECONDS), subject.state.pid)
    except psutil.NoSuchProcess:
        return None


@lru_cache(maxsize=8)
def _start_in(_period: int, pid: int | None) -> float:
    """When a process was started; it never changes, and reading it takes a tenth of a scrape."""
    return psutil.Process(pid).create_time()


def _taken(sample: Sample | None) -> float | None:
    return sample.timestamp.timestamp() if sample else None


RUN_METRICS: tuple[Metric[RunState], ...] = (
    Metric(
        "memtest_run_info",
        "info",
        "Name, settings and given labels of the run, with the exporter's version; every setting is a label too.",
        _run_info,
        ("run", "version", "python_version"),
    ),
    run_gauge("memtest_run_start_timestamp_seconds", "When the run was started.", lambda run: seconds(run.started_at)),
    run_gauge(
        "memtest_load_start_timestamp_seconds",
        "When the load began, with every wallet funded; absent before that.",
        lambda run: seconds(run.load_started_at),
    ),
    run_gauge("memtest_load_end_timestamp_seconds", "When the load is due to end; absent before it began.", _load_end),
    run_gauge(
        "memtest_run_finished",
        "1 once the run has ended and only its last state is served, else 0.",
        lambda run: run.finished,
    ),
    run_gauge(
        "memtest_memory_limit_bytes",
        "Memory that the subject can have: the machine's, or the limit of its container; of several, the least.",
        lambda run: min(memory_limit_bytes(state.pid) for state in run.subjects.values()),
    ),
    Metric(
        "memtest_verdict",
        "stateset",
        "The verdict on the run as it stands; every state is 0 while there is none.",
        lambda run: states(run.verdict, Verdict),
    ),
    run_gauge(
        "memtest_verdict_timestamp_seconds",
        "When the verdict was last computed; absent while there is none.",
        lambda run: seconds(run.verdict_time),
    ),
)


def heaps_of(sample: Sample) -> dict[str, int]:
    """Return the bytes in use in each heap that the sample has a figure of."""
    heaps = {heap: sample.cells[column.name] for heap, column in HEAPS.items()}
    return {heap: value for heap, value in heaps.items() if isinstance(value, int)}


def _settled_heaps(subject: Subject) -> Iterable[Series]:
    sample = subject.state.last_settled
    return each(heaps_of(sample) if sample else {})


def _last(subject: Subject, column: str) -> int | None:
    """A figure of the last sample."""
    sample = subject.state.last_sample
    value = sample.cells[column] if sample else None
    return value if isinstance(value, int) else None


def _of_probe(probe: Probe) -> Metric[Subject]:
    column = probe.column.name
    if probe.at_scrape:
        return level(probe.metric, probe.help, lambda subject: subject.seen.get(column))
    return level(probe.metric, probe.help, lambda subject: _last(subject, column))


def _of_count_probe(probe: type[CountProbe]) -> Metric[Subject]:
    name = probe.name
    return levels(probe.metric, probe.label, probe.help, lambda subject: subject.state.counted.get(name, {}))


SUBJECT_METRICS: tuple[Metric[Subject], ...] = (
    Metric(
        "memtest_subject_info",
        "info",
        "The SDK under test, as its driver names it.",
        _subject_info,
        ("driver", "sdk", "sdk_version", "language"),
    ),
    Metric(
        "memtest_up",
        "gauge",
        "1 while the subject's process lives, else 0.",
        lambda subject: one(subject.state.up),
        ("driver",),
    ),
    Metric(
        "memtest_phase",
        "stateset",
        "What the subject is doing.",
        lambda subject: states(subject.state.phase, Phase),
        ("driver",),
    ),
    level(
        "memtest_load_phase",
        "Phase that a load in phases (--protocol doubling) is in, 0 while it warms up; absent otherwise.",
        lambda subject: subject.state.load_phase,
    ),
    level(
        "memtest_subject_start_timestamp_seconds",
        "When the subject's process was started.",
        _subject_start,
    ),
    *map(_of_probe, PROBES),
    levels(
        "memtest_heap_bytes",
        "heap",
        "Bytes in use in each of the subject's heaps, as it reported them about a second ago.",
        lambda subject: subject.state.heap_bytes,
    ),
    level(
        "memtest_heap_timestamp_seconds",
        "When the subject last reported its heaps.",
        lambda subject: seconds(subject.state.heap_time),
    ),
    Metric(
        "memtest_settled_heap_bytes",
        "gauge",
        "Bytes in use in each heap at the last settled sample: load at rest, garbage collected.",
        _settled_heaps,
        ("driver", "heap"),
    ),
    total(
        "memtest_settle_seconds_total",
        "Time that the load has rested for settled samples.",
        lambda state: state.load.settle_seconds,
    ),
    levels(
        "memtest_allocator_bytes",
        "part",
        "What the allocator behind malloc says that it holds, in its own terms: of glibc the arena, what of it is free "
        "and the top that could be given back; of jemalloc allocated, active, resident, retained, and free.",
        lambda subject: subject.state.allocator_bytes,
    ),
    level(
        "memtest_beyond_heaps_bytes",
        "Resident beyond the subject's own heaps as of the last sample: code, stacks, what allocators hold unused.",
        lambda subject: _last(subject, "beyond_heaps_bytes"),
    ),
    level(
        "memtest_gc_objects",
        "Objects known to the subject's garbage collector, counted at the last settled sample.",
        lambda subject: subject.state.objects,
    ),
    Metric(
        "memtest_gc_collections_total",
        "counter",
        "Runs of the subject's garbage collector.",
        lambda subject: one(subject.state.collections),
        ("driver",),
    ),
    level(
        "memtest_event_loop_handles",
        "What keeps the subject's event loop waiting: sockets, pipes, timers; of a Node.js program, as it says.",
        lambda subject: subject.state.event_loop_handles,
    ),
    level("memtest_goroutines", "Goroutines of a Go program, as it says.", lambda subject: subject.state.goroutines),
    levels(
        "memtest_descendant_resident_memory_bytes",
        "process",
        "Resident set size of the processes that a watched program has started, or that share its control group, by "
        "name, as of the last sample; included in memtest_resident_memory_bytes.",
        lambda subject: subject.state.other_bytes,
    ),
    levels(
        "memtest_cgroup_memory_bytes",
        "part",
        "What the kernel has charged to the control group that is watched, as of the last sample: current in all, the "
        "page cache included, and anon, which is no file's.",
        lambda subject: subject.state.group_bytes,
    ),
    *map(_of_count_probe, COUNT_PROBES),
    Metric(
        "memtest_settled_timestamp_seconds",
        "gauge",
        "When the last settled sample was taken.",
        lambda subject: one(_taken(subject.state.last_settled)),
        ("driver",),
    ),
    *GROWTH_METRICS,
    *LOAD_METRICS,
    total(
        "memtest_restarts_total", "Times that a watched program was seen to start anew.", lambda state: state.restarts
    ),
    total(
        "memtest_bad_lines_total",
        "Lines of the driver that are no messages: no JSON, a wrong field, too long.",
        lambda state: state.bad_lines,
    ),
    total("memtest_samples_written_total", "Rows written to the CSV.", lambda state: state.samples_written),
    total(
        "memtest_csv_errors_total",
        "Rows that could not be written to the CSV, and times that others removed, renamed or cut it.",
        lambda state: state.csv_errors + state.csv_mishaps,
    ),
    level(
        "memtest_last_sample_timestamp_seconds",
        "When the last sample was taken.",
        lambda subject: _taken(subject.state.last_sample),
    ),
    levels(
        "memtest_probe_success",
        "probe",
        "1 if the probe's last reading succeeded, else 0.",
        lambda subject: subject.probe_success,
    ),
)

SCRAPE_DURATION: Metric[float] = Metric(
    "memtest_scrape_duration_seconds", "gauge", "Time that reading the values for this scrape took.", one
)

TABLE: tuple[Metric[RunState] | Metric[Subject] | Metric[float], ...] = (
    *RUN_METRICS,
    *SUBJECT_METRICS,
    SCRAPE_DURATION,
)
