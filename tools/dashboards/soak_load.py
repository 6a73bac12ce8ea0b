"""What *Soak run* shows of the load, of the subject's process, and of the exporter itself."""

import re
from typing import Any

from exporter.publish.metric_types import Metric
from exporter.publish.metrics import TABLE
from exporter.record.probes import PROBES, Probe
from exporter.scenarios import LOAD_COUNTERS
from tools.dashboards.panels import (
    NOT_SERVED,
    PHASE_MAPPING,
    YES_OR_NO,
    Panel,
    figure,
    level,
    rows,
    stacked,
    states,
)
from tools.dashboards.queries import age, latency, of_run, per_second, phase_code, plain, rate, said, select, told_apart

QUANTILES = (0.5, 0.95, 0.99)
# Of memory there are panels that say more.
IN_OTHER_PANELS = ("memtest_resident_memory_bytes", "memtest_unique_memory_bytes")


def load() -> list[Panel]:
    operations = (
        *((counter.title.lower(), counter.metric) for counter in LOAD_COUNTERS),
        ("runs of the garbage collector", "memtest_gc_collections_total"),
        ("refunds", "memtest_refunds_total"),
        ("settles", "memtest_settles_total"),
        ("restarts", "memtest_restarts_total"),
    )
    return [
        stacked(
            "Payments per second",
            said("memtest_payments_total"),
            "suffix:payments/s",
            per_second("memtest_payments_total", "{{rail}} by {{driver}}"),
        ),
        level(
            "Failures per second",
            "Failed payments by rail, payments made to fail by reason, and of the latter those that did not.",
            "suffix:payments/s",
            per_second("memtest_payment_failures_total", "{{rail}} by {{driver}}"),
            per_second("memtest_expected_payment_failures_total", "meant: {{reason}} by {{driver}}"),
            per_second("memtest_unexpected_payment_successes_total", "succeeded: {{reason}} by {{driver}}"),
        ),
        level(
            "Share of failures",
            "Share of the payments of the last 5 minutes that failed without being meant to.",
            "percentunit",
            (of_run(select("driver:memtest_payment_failures:ratio_rate5m")), "{{driver}}"),
        ),
        level(
            "Missed slots per second",
            said("memtest_missed_slots_total"),
            "suffix:slots/s",
            per_second("memtest_missed_slots_total", "{{driver}}"),
        ),
        level(
            "Payment duration",
            said("memtest_payment_duration_seconds"),
            "s",
            *((latency(quantile), f"{{{{rail}}}} by {{{{driver}}}}, p{quantile * 100:g}") for quantile in QUANTILES),
        ),
        level(
            "Operations per second",
            "What the scenarios do besides paying.",
            "suffix:operations/s",
            *(per_second(name, f"{what} by {{{{driver}}}}") for what, name in operations),
        ),
        level(
            "Failed steps per second",
            said("memtest_scenario_failures_total"),
            "suffix:steps/s",
            per_second("memtest_scenario_failures_total", "{{scenario}} by {{driver}}"),
        ),
        level(
            "Share of time at rest",
            said("memtest_settle_seconds_total"),
            "percentunit",
            per_second("memtest_settle_seconds_total", "{{driver}}"),
        ),
        level(
            "Events of the SDK per second",
            said("memtest_sdk_events_total"),
            "suffix:events/s",
            per_second("memtest_sdk_events_total", "{{event}} of {{driver}}"),
        ),
        level(
            "Listeners and instances",
            f"{said('memtest_listeners')} {said('memtest_instances')}",
            "short",
            plain("memtest_listeners", "listeners of {{driver}}"),
            plain("memtest_instances", "instances of {{driver}}"),
        ),
        level(
            "Wallet balances",
            said("memtest_wallet_balance_sats"),
            "suffix:sats",
            plain("memtest_wallet_balance_sats", "{{wallet}} of {{driver}}"),
        ),
        states(
            "Phase over time",
            said("memtest_phase"),
            PHASE_MAPPING,
            (phase_code(), "{{driver}}"),
        ),
        level(
            "Phase of the load",
            said("memtest_load_phase"),
            "short",
            plain("memtest_load_phase"),
        ),
    ]


def _probe(probe: Probe) -> Panel:
    unit = "bytes" if probe.column.is_bytes else "short"
    return level(probe.column.title, probe.help, unit, plain(probe.metric))


def process() -> list[Panel]:
    return [
        level(
            "Goroutines and event-loop handles",
            f"{said('memtest_goroutines')} {said('memtest_event_loop_handles')}",
            "short",
            plain("memtest_goroutines", "goroutines of {{driver}}"),
            plain("memtest_event_loop_handles", "event-loop handles of {{driver}}"),
        ),
        *(_probe(probe) for probe in PROBES if probe.metric not in IN_OTHER_PANELS),
        stacked(
            "Threads by name",
            said("memtest_named_threads"),
            "short",
            plain("memtest_named_threads", "{{name}} of {{driver}}"),
        ),
        stacked(
            "Descriptors by kind",
            said("memtest_descriptors"),
            "short",
            plain("memtest_descriptors", "{{kind}} of {{driver}}"),
        ),
        stacked(
            "Sockets by state",
            said("memtest_sockets"),
            "short",
            plain("memtest_sockets", "{{state}} of {{driver}}"),
        ),
    ]


def exporter() -> list[Panel]:
    cpu = of_run(rate("process_cpu_seconds_total"))
    starts = {what: f"memtest_{what}_start_timestamp_seconds" for what in ("run", "load", "subject")}
    started = told_apart("what", {what: of_run(select(name) + " * 1000") for what, name in starts.items()})
    return [
        level(
            "Exporter's own memory",
            "Resident memory of the exporter: the instrument must not grow.",
            "bytes",
            plain("process_resident_memory_bytes", "{{instance}}"),
        ),
        level("Exporter's own CPU", "Share of one core that the exporter takes.", "percentunit", (cpu, "{{instance}}")),
        level(
            "Scrapes",
            f"Reading: {said('memtest_scrape_duration_seconds')} Whole: as Prometheus sees it.",
            "s",
            plain("memtest_scrape_duration_seconds", "{{instance}} reading"),
            plain("scrape_duration_seconds", "{{instance}} whole"),
        ),
        level(
            "Samples per second",
            "Rows written to the CSV, rows that could not be, and lines of the driver that could not be read.",
            "suffix:rows/s",
            per_second("memtest_samples_written_total", "written of {{driver}}"),
            per_second("memtest_csv_errors_total", "refused of {{driver}}"),
            per_second("memtest_bad_lines_total", "unreadable lines of {{driver}}"),
        ),
        level(
            "Ages",
            "How long ago the subject reported its heaps, and samples were taken.",
            "s",
            (age("memtest_heap_timestamp_seconds"), "heaps of {{driver}}"),
            (age("memtest_last_sample_timestamp_seconds"), "sample of {{driver}}"),
            (age("memtest_settled_timestamp_seconds"), "sample at rest of {{driver}}"),
        ),
        figure(
            "Started",
            f"Run: {said('memtest_run_start_timestamp_seconds')} "
            f"Load: {said('memtest_load_start_timestamp_seconds')} "
            f"Subject: {said('memtest_subject_start_timestamp_seconds')}",
            "dateTimeFromNow",
            (started, "{{what}} {{driver}}"),
            instant=True,
            span=12,
            missing=NOT_SERVED,
        ).height(8),
        states(
            "Up",
            "Exporter: Prometheus scraped it. Subject: its process lives. Finished: only the last state is served.",
            YES_OR_NO,
            plain("up", "exporter"),
            plain("memtest_up", "subject {{driver}}"),
            plain("memtest_run_finished", "finished"),
        ),
        states(
            "Probes that work",
            said("memtest_probe_success"),
            YES_OR_NO,
            plain("memtest_probe_success", "{{probe}} of {{driver}}"),
        ),
        rows(
            "Settings",
            "Settings of the run, and the SDK under test.",
            [
                ("Subject", (of_run(select("memtest_subject_info")), "")),
                ("Settings", (select("memtest_run_info", 'run=~"$run"'), "")),
            ],
            height=5,
        ),
    ]


def others(drawn: str) -> list[Panel]:
    """Draw every metric that the queries in ``drawn`` leave out, so that none is missed before it has its place."""
    return [_generic(row) for row in TABLE if row.kind in ("gauge", "counter") and row.name not in drawn]


def _generic(row: Metric[Any]) -> Panel:
    title = re.sub(r"^memtest_|(_timestamp)?_(total|bytes|seconds)$", "", row.name).replace("_", " ").capitalize()
    legend = " ".join(f"{{{{{label}}}}}" for label in row.labels) or "{{instance}}"
    if row.kind == "counter":
        return level(f"{title} per second", row.help, "suffix:/s", per_second(row.name, legend))
    if row.name.endswith("_timestamp_seconds"):
        return level(f"{title}, age", row.help, "s", (age(row.name), legend))
    unit = {"bytes": "bytes", "seconds": "s"}.get(row.unit, "short")
    return level(title, row.help, unit, plain(row.name, legend))
