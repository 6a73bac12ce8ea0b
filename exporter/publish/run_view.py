"""A run as JSON, for the live page and for scripts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from exporter import version
from exporter.publish.collector import read_subject
from exporter.publish.metrics import heaps_of
from exporter.record.state import Histogram, LoadCounters, RunState, SubjectState

QUANTILES = (0.5, 0.95, 0.99)


def describe_run(run: RunState, now: datetime) -> dict[str, Any]:
    """Return the run's state as of ``now``; times are RFC 3339, durations seconds, sizes bytes."""
    return {
        "name": run.name,
        "version": version(),
        "settings": run.settings,
        "now": now.isoformat(),
        "started_at": run.started_at.isoformat(),
        "load_started_at": _text(run.load_started_at),
        "duration_seconds": run.duration_seconds,
        "elapsed_seconds": elapsed_seconds(run, now),
        "finished": run.finished,
        "verdict": run.verdict,
        "verdict_reason": run.verdict_reason,
        "subjects": {name: _describe_subject(state) for name, state in run.subjects.items()},
    }


def elapsed_seconds(run: RunState, now: datetime) -> float:
    """Return for how long the load has run; 0 before it began, and no longer growing once it has ended."""
    if run.load_started_at is None:
        return 0.0
    if run.finished:
        return max((s.last_sample.elapsed_sec for s in run.subjects.values() if s.last_sample), default=0.0)
    return max(0.0, (now - run.load_started_at).total_seconds())


def _describe_subject(state: SubjectState) -> dict[str, Any]:
    subject = read_subject(state)
    settled = state.last_settled
    return {
        "sdk": state.sdk,
        "sdk_version": state.sdk_version,
        "language": state.language,
        "pid": state.pid,
        "up": state.up,
        "phase": state.phase,
        "load_phase": state.load_phase,
        "resident_memory_bytes": subject.seen.get("rss_bytes"),
        "threads": subject.seen.get("threads"),
        "open_fds": subject.seen.get("open_fds"),
        "heap_bytes": state.heap_bytes if state.up else {},
        "heap_allocated_bytes": state.heap_sum,
        "settled_heap_bytes": heaps_of(settled) if settled else {},
        "settled_at": _text(settled.timestamp if settled else None),
        "probe_success": subject.probe_success,
        "samples_written": state.samples_written,
        "csv_errors": state.csv_errors,
        "load": _describe_load(state.load),
    }


def _describe_load(load: LoadCounters) -> dict[str, Any]:
    return {
        "payments": load.payments,
        "failures": load.failures,
        "expected_failures": load.expected_failures,
        "unexpected_successes": load.unexpected_successes,
        "step_failures": load.step_failures,
        "latency_seconds": {rail: _describe_latency(histogram) for rail, histogram in load.latency_seconds.items()},
        "missed_slots": load.missed,
        **load.counts,
        "refunds": load.refunds,
        "settles": load.settles,
        "sdk_events": load.sdk_events,
        "instance_heap_bytes": load.instance_heap_bytes,
        "instance_resident_memory_bytes": load.instance_rss_bytes,
        "listeners": load.listeners,
        "instances": load.instances,
        "balances_sats": load.balances_sats,
    }


def _describe_latency(histogram: Histogram) -> Mapping[str, float | None]:
    quantiles = {f"p{share * 100:g}": histogram.quantile(share) for share in QUANTILES}
    return {"count": histogram.count, "sum": histogram.total, **quantiles}


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
