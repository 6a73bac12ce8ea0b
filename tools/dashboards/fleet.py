"""Fleet: all runs, one row each, and their memory side by side."""

from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue

from tools.dashboards import soak_run
from tools.dashboards.frame import annotations, drivers, finished, frame, run_variable, with_sections
from tools.dashboards.panels import NO_SHARE, VERDICT_MAPPING, Panel, Query, level, rows, slope
from tools.dashboards.queries import KIB_PER_MINUTE, of_run, rate, select, verdict_code

UID = "memtest-fleet"
SERIES = "{{run}} {{driver}}"
EACH = "max by (job, instance, run, driver)"


def build() -> Dashboard:
    built = frame("Fleet", UID, "All runs: verdict, growth, payments.", targets_shown=True)
    built = built.annotations(list(annotations()))
    built = built.with_variable(run_variable("run", "Runs to list.", several=True)).with_variable(drivers())
    return finished(with_sections(built, [("Verdicts", [summary()]), ("Memory and load", overlays())]))


def _last(expression: str, each: str = EACH, how: str = "last") -> Query:
    """The last value of a run within the time shown: a run that is over keeps it."""
    return f"{how}_over_time(({each} ({expression}))[$__range:30s])", ""


def _counted(name: str) -> str:
    return select(f"driver:{name}:sum")


def summary() -> Panel:
    """One row for each run and driver, with a link to the run; what one acts on comes first."""
    subjects = f"{select('memtest_up')} * 0"
    verdict = of_run(f"{subjects} + on (job, instance) group_left () {verdict_code()}")
    begun = select("memtest_load_start_timestamp_seconds")
    loaded = f"{select('memtest_last_sample_timestamp_seconds')} - on (job, instance) group_left () {begun}"
    paid, failed = _counted("memtest_payments"), _counted("memtest_payment_failures")
    resident = of_run(select("memtest_resident_memory_bytes"))
    growth = {
        name: of_run(select(f"memtest_growth{bound}_bytes_per_second") + " * 60 / 1024")
        for name, bound in (("Growth", ""), ("At least", "_lower"), ("At most", "_upper"))
    }
    columns = [
        ("Verdict", _last(verdict), "none"),
        *((name, _last(expression), KIB_PER_MINUTE) for name, expression in growth.items()),
        ("Per payment", _last(of_run(select("memtest_growth_per_payment_bytes"))), "bytes"),
        ("Peak", _last(resident, how="max"), "bytes"),
        ("Payments", _last(of_run(paid)), "short"),
        ("Failures", _last(of_run(f"{failed} / ({paid} + {failed})")), "percentunit"),
        ("Duration", _last(of_run(loaded)), "dtdurations"),
        ("Resident", _last(resident), "bytes"),
        ("SDK", _last(of_run(select("memtest_subject_info")), f"{EACH[:-1]}, sdk, sdk_version, language)"), "none"),
    ]
    panel = rows(
        "Runs",
        "One row for each run and driver, as it was last seen within the time shown; a click on the run opens it.",
        [(name, query) for name, query, _ in columns],
        height=10,
    )
    for name, _, unit in columns:
        panel = panel.override_by_name(name, [_value("unit", unit), _value("mappings", [NO_SHARE])])
    coloured = _value("custom.cellOptions", {"type": "color-background", "mode": "basic"})
    panel = panel.override_by_name("Verdict", [_value("mappings", [VERDICT_MAPPING]), coloured])
    panel = panel.override_by_name("Run", [_value("links", [{"title": "Open the run", "url": RUN_LINK}])])
    return panel.override_by_name("SDK", [_value("custom.hidden", True)])


RUN_LINK = (
    f"/d/{soak_run.UID}?${{__url_time_range}}&${{datasource:queryparam}}&var-run=${{__value.raw:percentencode}}"
    "&var-job=${__data.fields.Job:percentencode}&var-instance=${__data.fields.Instance:percentencode}"
)


def _value(name: str, value: object) -> DynamicConfigValue:
    return DynamicConfigValue(id_val=name, value=value)


def overlays() -> list[Panel]:
    """Every run chosen over the others, by the clock."""
    at_rest = f"sum by (job, instance, driver) ({select('memtest_settled_heap_bytes')})"
    paid, failed = (rate(name) for name in ("memtest_payments_total", "memtest_payment_failures_total"))
    growth = select("memtest_growth_bytes_per_second") + " * 60 / 1024"
    per_payment = select("memtest_growth_per_payment_bytes")
    return [
        level("Resident memory", "Of every run.", "bytes", (of_run(select("memtest_resident_memory_bytes")), SERIES)),
        level("Heaps", "All heaps of a subject together.", "bytes", (of_run(heaps()), SERIES)),
        level("Heaps at rest", "With the load at rest and garbage collected.", "bytes", (of_run(at_rest), SERIES)),
        slope(
            "Growth as judged",
            "What the verdict judged, looked at once a minute; it stays as it was at the end.",
            KIB_PER_MINUTE,
            (of_run(growth), SERIES + " {{series}}"),
        ),
        slope(
            "Growth per payment as judged",
            "The same, divided by the payments.",
            "bytes",
            (of_run(per_payment), SERIES + " {{series}}"),
        ),
        level(
            "Payments per second",
            "Payments that succeeded.",
            "suffix:payments/s",
            (of_run(f"sum by (job, instance, driver) ({paid})"), SERIES),
        ),
        level(
            "Failures per second",
            "Payments that failed without being meant to.",
            "suffix:payments/s",
            (of_run(f"sum by (job, instance, driver) ({failed})"), SERIES),
        ),
    ]


def heaps() -> str:
    return f"sum by (job, instance, driver) ({select('memtest_heap_bytes')})"
