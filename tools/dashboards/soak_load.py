"""What *Soak run* shows of the load, of the subject's process, and of the exporter itself."""

import re
from typing import Any

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from exporter.publish.metric_types import Metric
from exporter.publish.metrics import TABLE
from tools.dashboards.panels import Panel, level, rows, stacked
from tools.dashboards.queries import age, latency, of_run, per_second, plain, rate, said, select


def load() -> list[Panel]:
    operations = (
        ("reconnects", "memtest_reconnects_total"),
        ("abandoned instances", "memtest_abandoned_instances_total"),
        ("listener churns", "memtest_listener_churns_total"),
        ("syncs", "memtest_syncs_total"),
        ("history queries", "memtest_history_queries_total"),
        ("garbage collections asked for", "memtest_garbage_collections_total"),
        ("garbage collections", "memtest_gc_collections_total"),
        ("refunds", "memtest_refunds_total"),
        ("settles", "memtest_settles_total"),
        ("restarts", "memtest_restarts_total"),
    )
    return [
        stacked(
            "Payments per second",
            said("memtest_payments_total"),
            "ops",
            per_second("memtest_payments_total", "{{driver}} {{rail}}"),
        ),
        level(
            "Failures per second",
            "Failed payments by rail, payments made to fail by reason, and payments that missed their slot.",
            "ops",
            per_second("memtest_payment_failures_total", "{{driver}} {{rail}}"),
            per_second("memtest_expected_payment_failures_total", "{{driver}} meant: {{reason}}"),
            per_second("memtest_missed_slots_total", "{{driver}} missed slots"),
        ),
        level(
            "Payment duration",
            said("memtest_payment_duration_seconds"),
            "s",
            *(
                (latency(quantile), f"{{{{driver}}}} {{{{rail}}}} p{quantile * 100:g}")
                for quantile in (0.5, 0.95, 0.99)
            ),
        ),
        level(
            "Operations per second",
            "What the scenarios do besides paying.",
            "ops",
            *(per_second(name, f"{{{{driver}}}} {what}") for what, name in operations),
        ),
        level(
            "Events of the SDK per second",
            said("memtest_sdk_events_total"),
            "ops",
            per_second("memtest_sdk_events_total", "{{driver}} {{event}}"),
        ),
        level(
            "Listeners and instances",
            f"{said('memtest_listeners')} {said('memtest_instances')}",
            "short",
            plain("memtest_listeners", "{{driver}} listeners"),
            plain("memtest_instances", "{{driver}} instances"),
        ),
        level(
            "Wallet balances",
            said("memtest_wallet_balance_sats"),
            "short",
            plain("memtest_wallet_balance_sats", "{{driver}} {{wallet}}"),
        ),
    ]


def process() -> list[Panel]:
    return [
        level(
            "Threads",
            f"{said('memtest_threads')} {said('memtest_goroutines')} {said('memtest_event_loop_handles')}",
            "short",
            plain("memtest_threads", "{{driver}} threads"),
            plain("memtest_goroutines", "{{driver}} goroutines"),
            plain("memtest_event_loop_handles", "{{driver}} event-loop handles"),
        ),
        stacked(
            "Threads by name",
            said("memtest_named_threads"),
            "short",
            plain("memtest_named_threads", "{{driver}} {{name}}"),
        ),
        level("File descriptors", said("memtest_open_fds"), "short", plain("memtest_open_fds")),
        stacked(
            "Descriptors by kind",
            said("memtest_descriptors"),
            "short",
            plain("memtest_descriptors", "{{driver}} {{kind}}"),
        ),
        stacked(
            "Sockets by state",
            said("memtest_sockets"),
            "short",
            plain("memtest_sockets", "{{driver}} {{state}}"),
        ),
    ]


def exporter() -> list[Panel]:
    cpu = of_run(rate("process_cpu_seconds_total"))
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
            "ops",
            per_second("memtest_samples_written_total", "{{driver}} written"),
            per_second("memtest_csv_errors_total", "{{driver}} refused"),
            per_second("memtest_bad_lines_total", "{{driver}} unreadable lines"),
        ),
        level(
            "Ages",
            "How long ago the subject reported its heaps, and samples were taken.",
            "s",
            (age("memtest_heap_timestamp_seconds"), "{{driver}} heaps"),
            (age("memtest_last_sample_timestamp_seconds"), "{{driver}} sample"),
            (age("memtest_settled_timestamp_seconds"), "{{driver}} sample at rest"),
        ),
        level(
            "Up",
            "Exporter: Prometheus scraped it. Subject: its process lives. Finished: only the last state is served.",
            "bool",
            plain("up", "{{instance}} exporter"),
            plain("memtest_up", "{{driver}} subject"),
            plain("memtest_run_finished", "{{instance}} finished"),
            plain("memtest_probe_success", "{{driver}} probe {{probe}}"),
        ),
        rows(
            "Run",
            "Name and settings of the run, and the SDK under test.",
            [
                ("Started", (of_run(select("memtest_run_start_timestamp_seconds") + " * 1000"), "")),
                ("Subject", (of_run(select("memtest_subject_info")), "")),
                ("Settings", (select("memtest_run_info", 'run=~"$run"'), "")),
            ],
            height=5,
        ).override_by_name("Started", [DynamicConfigValue(id_val="unit", value="dateTimeAsIso")]),
    ]


def further(drawn: str) -> list[Panel]:
    """Draw every metric that the queries in ``drawn`` leave out: a new one is on the dashboard without further ado."""
    return [_generic(row) for row in TABLE if row.kind in ("gauge", "counter") and row.name not in drawn]


def _generic(row: Metric[Any]) -> Panel:
    title = re.sub(r"^memtest_|(_timestamp)?_(total|bytes|seconds)$", "", row.name).replace("_", " ").capitalize()
    legend = " ".join(f"{{{{{label}}}}}" for label in row.labels) or "{{instance}}"
    if row.kind == "counter":
        return level(f"{title} per second", row.help, "ops", per_second(row.name, legend))
    if row.name.endswith("_timestamp_seconds"):
        return level(f"{title}, age", row.help, "s", (age(row.name), legend))
    unit = {"bytes": "bytes", "seconds": "s"}.get(row.unit, "short")
    return level(title, row.help, unit, plain(row.name, legend))
