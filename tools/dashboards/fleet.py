"""Fleet: all runs, one row each, and their memory side by side."""

from grafana_foundation_sdk.builders.dashboard import Row
from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue

from tools.dashboards import soak_run
from tools.dashboards.frame import annotations, drivers, finished, frame, run_variable
from tools.dashboards.panels import GREEN, RED, VERDICT_MAPPING, Panel, Query, level, limits, rows, slope
from tools.dashboards.queries import of_run, rate, select, threshold, verdict_code

UID = "memtest-fleet"
SERIES = "{{run}} {{driver}}"
EACH = "max by (job, instance, run, driver)"


def build() -> Dashboard:
    dashboard = frame("Fleet", UID, "All runs: verdict, growth, payments.")
    dashboard = dashboard.annotations(list(annotations()))
    dashboard = dashboard.with_variable(run_variable("run", "Runs to list.", several=True)).with_variable(drivers())
    dashboard = dashboard.with_row(Row("Verdicts")).with_panel(summary())
    dashboard = dashboard.with_row(Row("Memory and load"))
    for panel in _overlays():
        dashboard = dashboard.with_panel(panel)
    return finished(dashboard)


def column(expression: str) -> Query:
    return f"{EACH} ({expression})", ""


def summary() -> Panel:
    """One row for each run and driver, with a link to the run."""
    subjects = f"{select('memtest_up')} * 0"
    verdict = of_run(f"{subjects} + on (job, instance) group_left () {verdict_code()}")
    payments = of_run(f"sum by (job, instance, driver) (increase({select('memtest_payments_total')}[$__range]))")
    info = of_run(select("memtest_subject_info"))
    elapsed = f"time() - {select('memtest_run_start_timestamp_seconds')}"
    growths = (
        ("Resident growth", "driver:memtest_resident_memory_bytes:deriv30m", "binBps", "MemtestResidentMemoryGrowing"),
        ("Heap growth", "driver:memtest_heap_bytes:deriv30m", "binBps", "MemtestHeapGrowing"),
        (
            "Per payment",
            "driver:memtest_settled_heap_bytes:growth_per_payment30m",
            "bytes",
            "MemtestGrowthPerPayment",
        ),
    )
    columns = [
        ("Verdict", column(verdict)),
        ("Age", column(of_run(f"{subjects} + on (job, instance) group_left () ({elapsed})"))),
        ("Resident", column(of_run(select("memtest_resident_memory_bytes")))),
        *((name, column(of_run(select(series)))) for name, series, _, _ in growths),
        ("Payments", column(payments)),
        ("Failure ratio", column(of_run(select("driver:memtest_payment_failures:ratio_rate5m")))),
        ("SDK", (f"max by (job, instance, run, driver, sdk, sdk_version, language) ({info})", "")),
    ]
    panel = rows("Runs", "One row for each run and driver; a click on the run opens it.", columns, height=10)
    panel = panel.override_by_name(
        "Verdict", [_value("mappings", [VERDICT_MAPPING]), _value("custom.cellOptions", COLOURED)]
    )
    units = {"Age": "dtdurations", "Resident": "bytes", "Failure ratio": "percentunit"}
    for name, unit in units.items():
        panel = panel.override_by_name(name, [_value("unit", unit)])
    for name, _, unit, alert in growths:
        alarm = limits((None, GREEN), (threshold(alert), RED)).build()
        panel = panel.override_by_name(
            name, [_value("unit", unit), _value("thresholds", alarm), _value("custom.cellOptions", COLOURED)]
        )
    panel = panel.override_by_name("run", [_value("links", [{"title": "Open the run", "url": RUN_LINK}])])
    return panel.override_by_name("SDK", [_value("custom.hidden", True)])


COLOURED = {"type": "color-background", "mode": "basic"}
RUN_LINK = f"/d/{soak_run.UID}?${{__url_time_range}}&var-run=${{__value.raw}}&var-instance=${{__data.fields.instance}}"


def _value(name: str, value: object) -> DynamicConfigValue:
    return DynamicConfigValue(id_val=name, value=value)


def _overlays() -> list[Panel]:
    return [
        level("Resident memory", "Of every run.", "bytes", (of_run(select("memtest_resident_memory_bytes")), SERIES)),
        level("Heaps", "All heaps of a subject together.", "bytes", (of_run(heaps()), SERIES)),
        slope(
            "Growth of resident memory",
            "Slope of the floor over half an hour; the line is where the alert fires.",
            "binBps",
            (of_run(select("driver:memtest_resident_memory_bytes:deriv30m")), SERIES),
            alarm=threshold("MemtestResidentMemoryGrowing"),
        ),
        slope(
            "Growth per payment",
            "Bytes that each payment leaves in the heaps at rest; the line is where the alert fires.",
            "bytes",
            (of_run(select("driver:memtest_settled_heap_bytes:growth_per_payment30m")), SERIES),
            alarm=threshold("MemtestGrowthPerPayment"),
        ),
        level(
            "Payments per second",
            "Payments that succeeded.",
            "ops",
            (of_run(f"sum by (job, instance, driver) ({rate('memtest_payments_total')})"), SERIES),
        ),
        level(
            "Failures per second",
            "Payments that failed without being meant to.",
            "ops",
            (of_run(f"sum by (job, instance, driver) ({rate('memtest_payment_failures_total')})"), SERIES),
        ),
    ]


def heaps() -> str:
    return f"sum by (job, instance, driver) ({select('memtest_heap_bytes')})"
