"""Soak run: one run in depth, the verdict first."""

from grafana_foundation_sdk.builders.dashboard import Row
from grafana_foundation_sdk.models import prometheus
from grafana_foundation_sdk.models.dashboard import Dashboard

from tools.dashboards import panels, soak_load, soak_memory
from tools.dashboards.frame import annotations, drivers, finished, frame, run_variable
from tools.dashboards.panels import GREEN, RED, YELLOW, figure
from tools.dashboards.queries import firing_alerts, of_run, plain, said, select, summed, threshold, verdict_code

UID = "memtest-soak-run"

RESIDENT = threshold("MemtestResidentMemoryGrowing")
HEAP = threshold("MemtestHeapGrowing")
PER_PAYMENT = threshold("MemtestGrowthPerPayment")
FAILURES = threshold("MemtestPaymentFailures")


def build() -> Dashboard:
    dashboard = frame("Soak run", UID, "One run in depth: its verdict, its memory, its load.")
    dashboard = dashboard.annotations(list(annotations()))
    dashboard = dashboard.with_variable(run_variable("run", "Run to look at.", several=False)).with_variable(drivers())
    sections = (
        ("Verdict", _verdict()),
        ("Memory", soak_memory.memory()),
        ("Per payment", soak_memory.per_payment()),
        ("Load", soak_load.load()),
        ("Process", soak_load.process()),
        ("Exporter", soak_load.exporter()),
    )
    drawn = " ".join(target.expr for _, section in sections for panel in section for target in asked(panel))
    for title, section in (*sections, ("Further", soak_load.further(drawn))):
        dashboard = dashboard.with_row(Row(title))
        for panel in section:
            dashboard = dashboard.with_panel(panel)
    return finished(dashboard)


def asked(panel: panels.Panel) -> list[prometheus.Dataquery]:
    """Return the queries of a panel."""
    return [target for target in panel.build().targets or [] if isinstance(target, prometheus.Dataquery)]


def _verdict() -> list[panels.Panel]:
    alerts = f"sum({firing_alerts()}) or vector(0)"
    left = of_run(f"clamp_min({select('memtest_load_end_timestamp_seconds')} - time(), 0)")
    growth = "driver:memtest_{}:deriv30m"
    failures = of_run(select("driver:memtest_payment_failures:ratio_rate5m"))
    phase = of_run(select("memtest_phase") + " == 1"), "{{memtest_phase}}"
    share = of_run(
        f"{select('memtest_resident_memory_bytes')} "
        f"/ on (job, instance) group_left () {select('memtest_memory_limit_bytes')}"
    )
    return [
        panels.verdict("Verdict", said("memtest_verdict"), verdict_code()),
        panels.state_name("Phase", said("memtest_phase"), phase),
        figure("Load left", said("memtest_load_end_timestamp_seconds"), "dtdurations", left),
        figure(
            "Alerts firing", "Alerts of this stack; see the runbook.", "none", alerts, steps=((None, GREEN), (1, RED))
        ),
        figure(
            "Resident memory now",
            said("memtest_resident_memory_bytes"),
            "bytes",
            plain("memtest_resident_memory_bytes")[0],
        ),
        figure(
            "Share of the limit",
            "Resident memory as a share of what the container or the machine has.",
            "percentunit",
            share,
            steps=((None, GREEN), (0.7, YELLOW), (0.9, RED)),
        ),
        figure(
            "Growth of resident memory",
            "Slope of the floor of resident memory over half an hour, or over what there is of it; red is the alert.",
            "binBps",
            of_run(select(growth.format("resident_memory_bytes"))),
            steps=((None, GREEN), (RESIDENT, RED)),
        ),
        figure(
            "Growth of the heaps",
            "Slope of the floor of all heaps together over half an hour, or over what there is of it.",
            "binBps",
            of_run(select(growth.format("heap_bytes"))),
            steps=((None, GREEN), (HEAP, RED)),
        ),
        figure(
            "Growth per payment now",
            "Bytes that each payment leaves in the heaps at rest, over half an hour, or over what there is of it.",
            "bytes",
            of_run(select("driver:memtest_settled_heap_bytes:growth_per_payment30m")),
            steps=((None, GREEN), (PER_PAYMENT, RED)),
        ),
        figure(
            "Payments",
            "Payments that succeeded within the time shown.",
            "short",
            summed("memtest_payments_total", "increase({}[$__range])"),
        ),
        figure(
            "Failure ratio",
            "Share of the payments of the last 5 minutes that failed without being meant to.",
            "percentunit",
            failures,
            steps=((None, GREEN), (FAILURES, RED)),
        ),
        figure(
            "Reconnects",
            said("memtest_reconnects_total"),
            "short",
            summed("memtest_reconnects_total", "increase({}[$__range])"),
        ),
    ]
