"""Soak run: one run in depth. What one acts on comes first; what one looks up is in rows that open at a click."""

from collections.abc import Iterator

from grafana_foundation_sdk.models import prometheus
from grafana_foundation_sdk.models.dashboard import Dashboard

from tools.dashboards import panels, soak_load, soak_memory
from tools.dashboards.frame import Sections, annotations, drivers, finished, frame, run_variable, with_sections
from tools.dashboards.panels import GREEN, NOT_JUDGED, NOT_SERVED, PHASE_MAPPING, RED, figure
from tools.dashboards.queries import (
    KIB_PER_MINUTE,
    firing_alerts,
    judged_growth,
    judged_growth_per_payment,
    of_run,
    phase_code,
    said,
    select,
    told_apart,
    verdict_code,
)

UID = "memtest-soak-run"


def build() -> Dashboard:
    dashboard = frame("Soak run", UID, "One run in depth: its verdict, its memory, its load.")
    dashboard = dashboard.annotations(list(annotations()))
    dashboard = dashboard.with_variable(run_variable("run", "Run to look at.", several=False)).with_variable(drivers())
    opened = (("Verdict", _verdict()), ("Which side grows", soak_memory.sides()))
    closed: Sections = (
        ("Memory in detail", soak_memory.memory()),
        ("Raw slopes, for the curious: the verdict weighs more than these", soak_memory.slopes()),
        ("Load", soak_load.load()),
        ("Process", soak_load.process()),
        ("Exporter and settings", soak_load.exporter()),
    )
    drawn = " ".join(expressions((*opened, *closed)))
    others = soak_load.others(drawn)
    return finished(with_sections(dashboard, opened, (*closed, *([("Other metrics", others)] if others else []))))


def expressions(sections: Sections) -> Iterator[str]:
    """Every query of the panels."""
    for _, section in sections:
        for panel in section:
            for target in panel.build().targets or []:
                if isinstance(target, prometheus.Dataquery):
                    yield target.expr


def _verdict() -> list[panels.Panel]:
    alerts = f"count({of_run(firing_alerts())}) or vector(0)"
    left = of_run(f"clamp_min({select('memtest_load_end_timestamp_seconds')} - time(), 0)")
    paid, failed = (select(f"driver:memtest_{name}:sum") for name in ("payments", "payment_failures"))
    done = {
        "payments": paid,
        "failed": failed,
        "reconnects": select("driver:memtest_reconnects:sum"),
        "abandoned instances": select("driver:memtest_abandoned_instances:sum"),
    }
    return [
        panels.state("Verdict", said("memtest_verdict"), verdict_code(), panels.VERDICT_MAPPING, instant=False),
        panels.state("Phase", said("memtest_phase"), phase_code(), PHASE_MAPPING, instant=True),
        figure(
            "Growth",
            "What the verdict judged: the growth of the series that decides, with the bounds of its 95 % interval. "
            "It is looked at once a minute, and stays as it was at the end.",
            KIB_PER_MINUTE,
            (judged_growth(), "{{driver}} {{bound}}"),
            span=8,
            missing=NOT_JUDGED,
        ),
        figure(
            "Growth per payment",
            "The same, divided by the payments.",
            "bytes",
            (judged_growth_per_payment(), "{{driver}} {{bound}}"),
            span=8,
            missing=NOT_JUDGED,
        ),
        figure(
            "Load left",
            said("memtest_load_end_timestamp_seconds"),
            "dtdurations",
            (left, "{{run}}"),
            instant=True,
            missing=NOT_SERVED,
        ),
        figure(
            "Load",
            "What this run has done: payments that succeeded and that failed without being meant to, reconnects, and "
            "instances dropped without being disconnected.",
            "short",
            (told_apart("what", {what: of_run(counted) for what, counted in done.items()}), "{{driver}} {{what}}"),
            span=16,
        ),
        figure(
            "Alerts firing",
            "Alerts on this run; the dashboard Runbook says what to do.",
            "none",
            (alerts, "alerts"),
            steps=((None, GREEN), (1, RED)),
            instant=True,
        ),
    ]
