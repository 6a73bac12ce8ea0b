"""Every metric that a run publishes: name, kind, labels, help and where its value comes from.

``python -m exporter.publish.metrics`` prints the table as Markdown, which is ``docs/metrics.md``.
"""

import platform
import re
from collections.abc import Callable, Iterable, Iterator

import psutil

from exporter import __version__
from exporter.publish.heap_metrics import HEAP_METRICS
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
    totals,
)
from exporter.record.memory_limit import memory_limit_bytes
from exporter.record.sample import Sample
from exporter.record.state import Growth, RunState, SubjectState

PHASES = ("starting", "connecting", "funding", "running", "stopping", "stopped")
VERDICTS = ("leak", "no_leak", "inconclusive")


def _run_info(run: RunState) -> Iterator[Series]:
    settings = {re.sub(r"\W", "_", key, flags=re.ASCII): value for key, value in run.settings.items()}
    yield (), settings | {"run": run.name, "version": __version__, "python_version": platform.python_version()}


def _subject_info(subject: Subject) -> Iterator[Series]:
    state = subject.state
    yield (), {"sdk": state.sdk, "sdk_version": state.sdk_version, "language": state.language}


def _load_end(run: RunState) -> float | None:
    return run.load_started_at.timestamp() + run.duration_seconds if run.load_started_at else None


def _subject_start(subject: Subject) -> float | None:
    try:
        return psutil.Process(subject.state.pid).create_time()
    except psutil.NoSuchProcess:
        return None


def _latencies(subject: Subject) -> Iterator[Series]:
    for rail, histogram in subject.state.load.latency_seconds.items():
        yield (rail,), histogram


def _taken(sample: Sample | None) -> float | None:
    return sample.timestamp.timestamp() if sample else None


RUN_METRICS: tuple[Metric[RunState], ...] = (
    Metric(
        "memtest_run_info",
        "info",
        "Name and settings of the run, with the exporter's version; every setting is a label too.",
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
        lambda run: states(run.verdict, VERDICTS),
    ),
    run_gauge(
        "memtest_verdict_timestamp_seconds",
        "When the verdict was last computed; absent while there is none.",
        lambda run: seconds(run.verdict_time),
    ),
)


_FIGURES = (
    ("", "value", "Growth"),
    ("_lower", "low", "Lower bound of the 95 % interval of the growth"),
    ("_upper", "high", "Upper bound of the 95 % interval of the growth"),
)


def _growth(
    stem: str, unit: str, what: str, read: Callable[[SubjectState], Growth | None]
) -> Iterator[Metric[Subject]]:
    """A growth and the bounds of its interval; it stays when the subject is gone, as the verdict on it does."""

    def figure(name: str) -> Callable[[Subject], Iterable[Series]]:
        def series(subject: Subject) -> Iterable[Series]:
            growth = read(subject.state)
            return [((growth.series,), getattr(growth, name))] if growth else []

        return series

    for suffix, name, text in _FIGURES:
        yield Metric(f"{stem}{suffix}_{unit}", "gauge", f"{text} {what}", figure(name), ("driver", "series"))


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
        lambda subject: states(subject.state.phase, PHASES),
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
    level(
        "memtest_resident_memory_bytes",
        "Resident set size of the subject, read at the scrape.",
        lambda subject: subject.seen.get("rss_bytes"),
    ),
    level(
        "memtest_unique_memory_bytes",
        "Unique set size of the subject as of the last sample, which may be minutes old: reading it stops the subject.",
        lambda subject: subject.state.last_sample.uss_bytes if subject.state.last_sample else None,
    ),
    level(
        "memtest_threads", "Threads of the subject, read at the scrape.", lambda subject: subject.seen.get("threads")
    ),
    level(
        "memtest_open_fds",
        "Open file descriptors of the subject, read at the scrape.",
        lambda subject: subject.seen.get("open_fds"),
    ),
    *HEAP_METRICS,
    Metric(
        "memtest_settled_timestamp_seconds",
        "gauge",
        "When the last settled sample was taken.",
        lambda subject: one(_taken(subject.state.last_settled)),
        ("driver",),
    ),
    *_growth(
        "memtest_growth",
        "bytes_per_second",
        "of the series that decides the verdict, as of the last look, which is taken once a minute.",
        lambda state: state.growth,
    ),
    *_growth(
        "memtest_growth_per_payment",
        "bytes",
        "per payment of the series that decides the verdict, as of the last look; absent without payments.",
        lambda state: state.growth_per_payment,
    ),
    Metric(
        "memtest_judged_memory_growth_bytes_per_second",
        "gauge",
        "Growth of each series of memory that the verdict weighs, as of the last look: which side grows.",
        lambda subject: each(subject.state.memory_growth),
        ("driver", "series"),
    ),
    Metric(
        "memtest_judged_count_growth_per_second",
        "gauge",
        "Growth of each count that the verdict weighs (descriptors, threads), as of the last look.",
        lambda subject: each(subject.state.count_growth),
        ("driver", "series"),
    ),
    level(
        "memtest_memory_limit_reached_seconds",
        "Time until the memory limit is reached if the growth goes on, as of the last look; absent without a leak.",
        lambda subject: subject.state.memory_limit_in_seconds,
    ),
    totals("memtest_payments_total", "rail", "Payments that succeeded.", lambda state: state.load.payments),
    totals(
        "memtest_payment_failures_total",
        "rail",
        "Payments that failed without being meant to.",
        lambda state: state.load.failures,
    ),
    totals(
        "memtest_expected_payment_failures_total",
        "reason",
        "Payments that were made to fail on purpose, and did.",
        lambda state: state.load.expected_failures,
    ),
    totals(
        "memtest_unexpected_payment_successes_total",
        "reason",
        "Payments that were made to fail on purpose, and did not.",
        lambda state: state.load.unexpected_successes,
    ),
    totals(
        "memtest_scenario_failures_total",
        "scenario",
        "Steps of a scenario that failed: a reconnect, a sync, a query.",
        lambda state: state.load.step_failures,
    ),
    Metric(
        "memtest_payment_duration_seconds",
        "histogram",
        "Time from the start of a payment to its success.",
        _latencies,
        ("driver", "rail"),
    ),
    total(
        "memtest_missed_slots_total",
        "Scheduled payments that could not be started in their slot.",
        lambda state: state.load.missed,
    ),
    total("memtest_reconnects_total", "Reconnects of all instances.", lambda state: state.load.reconnects),
    total(
        "memtest_abandoned_instances_total",
        "SDK instances dropped without being disconnected.",
        lambda state: state.load.abandoned_instances,
    ),
    total(
        "memtest_listener_churns_total",
        "Rounds of adding and removing listeners.",
        lambda state: state.load.listener_churns,
    ),
    total("memtest_syncs_total", "Wallet syncs asked for by the load.", lambda state: state.load.syncs),
    total(
        "memtest_history_queries_total",
        "Payment history queries made by the load.",
        lambda state: state.load.history_queries,
    ),
    total(
        "memtest_garbage_collections_total",
        "Garbage collections asked for by the load.",
        lambda state: state.load.garbage_collections,
    ),
    total(
        "memtest_refunds_total",
        "Times that a wallet was funded again during the load.",
        lambda state: state.load.refunds,
    ),
    total("memtest_settles_total", "Times that the load was brought to rest.", lambda state: state.load.settles),
    totals("memtest_sdk_events_total", "event", "Events that the SDK emitted.", lambda state: state.load.sdk_events),
    level("memtest_listeners", "Event listeners registered.", lambda subject: subject.state.load.listeners),
    level(
        "memtest_instance_heap_bytes",
        "Heap that one more connected instance takes, measured before the load; absent without further instances.",
        lambda subject: subject.state.load.instance_heap_bytes,
    ),
    level(
        "memtest_instance_resident_memory_bytes",
        "Resident memory that one more connected instance takes, measured before the load.",
        lambda subject: subject.state.load.instance_rss_bytes,
    ),
    level("memtest_instances", "SDK instances connected.", lambda subject: subject.state.load.instances),
    levels(
        "memtest_wallet_balance_sats",
        "wallet",
        "Balance of each wallet as the load last saw it.",
        lambda subject: subject.state.load.balances_sats,
    ),
    total(
        "memtest_restarts_total", "Times that a watched program was seen to start anew.", lambda state: state.restarts
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


def as_markdown() -> str:
    """Return the documentation of the table."""
    rows = [
        f"| `{metric.name}` | {metric.kind} | {metric.unit or '-'} "
        f"| {', '.join(f'`{label}`' for label in metric.labels) or '-'} | {metric.help} |"
        for metric in TABLE
    ]
    return "\n".join([_HEAD, *rows, _TAIL])


_HEAD = """# Metrics

Generated by `python -m exporter.publish.metrics > docs/metrics.md`; a test compares the two.

A counter stays when its subject is gone, a gauge vanishes. The states of a state set are the values of a label
that has the metric's own name: `memtest_verdict{memtest_verdict="leak"} 1`. Settings are labels of
`memtest_run_info` only; join them with `* on (instance) group_left (run) memtest_run_info`.

| Name | Kind | Unit | Labels | Meaning |
|---|---|---|---|---|"""

_TAIL = """
The exporter's own process is published under the usual names: `process_resident_memory_bytes`,
`process_virtual_memory_bytes`, `process_cpu_seconds_total`, `process_open_fds`, `process_max_fds`,
`process_start_time_seconds`."""

if __name__ == "__main__":
    print(as_markdown())
