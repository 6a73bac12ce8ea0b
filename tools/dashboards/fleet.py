"""Fleet: all runs, one row each, and their memory side by side."""

from functools import partial

from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue

from tools.dashboards import soak_run
from tools.dashboards.frame import annotations, drivers, finished, frame, query_variable, run_variable, with_sections
from tools.dashboards.panels import NO_SHARE, OF_A_CELL, VERDICT_MAPPING, Panel, Query, level, rows, slope
from tools.dashboards.queries import KIB_PER_MINUTE, TARGET, rate, select, verdict_code
from tools.dashboards.queries import of_run as of_any_run

UID = "memtest-fleet"
SERIES = "{{run}} {{driver}}"
EACH = f"max by (job, instance, run, driver, {', '.join(OF_A_CELL)})"
# All of them, also the runs that belong to none.
_CHOSEN = ', plan=~"$plan", scenario=~"$scenario"'


def build() -> Dashboard:
    built = frame("Fleet", UID, "All runs, also those of plans: verdict, growth, payments.", targets_shown=True)
    built = built.annotations(list(annotations()))
    for name, description in (("plan", "Plan that the runs are cells of."), ("scenario", "Scenario of a plan.")):
        query = f"label_values(memtest_run_info{{{TARGET}}}, {name})"
        built = built.with_variable(query_variable(name, query, description, all_value=".*"))
    built = built.with_variable(run_variable("run", "Runs to list.", several=True)).with_variable(drivers())
    sections = [("Verdicts", [summary(_CHOSEN)]), ("Plans", [plans()]), ("Memory and load", overlays(_CHOSEN))]
    return finished(with_sections(built, sections))


def plans() -> Panel:
    """How many repetitions of each combination leak: which axis matters is seen by sorting."""
    columns = []
    for name, verdict in {"Leak": "leak", "Inconclusive": "inconclusive", "No leak": "no_leak"}.items():
        reached = select("memtest_verdict", f'memtest_verdict="{verdict}"')
        subjects = f"{select('memtest_up')} * 0 + on (job, instance) group_left () {reached}"
        in_plan = of_any_run(subjects, labels=OF_A_CELL, more=_CHOSEN + ', plan!=""')
        each = f"max by (plan, driver, scenario, repetition, run) ({in_plan})"
        columns.append((name, (f"sum by (plan, driver, scenario) (last_over_time(({each})[$__range:30s]))", "")))
    return rows(
        "Verdicts by combination",
        "How many repetitions of a driver under a scenario came to each verdict within the time shown.",
        columns,
    )


def _last(expression: str, each: str = EACH, how: str = "last") -> Query:
    """The last value of a run within the time shown: a run that is over keeps it."""
    return f"{how}_over_time(({each} ({expression}))[$__range:30s])", ""


def _counted(name: str) -> str:
    return select(f"driver:{name}:sum")


def summary(more: str = "") -> Panel:
    """One row for each run and driver, with a link to the run; what one acts on comes first.

    ``more`` are matchers of the runs, beside those of their names.
    """
    of_run = partial(of_any_run, labels=OF_A_CELL, more=more)
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


def overlays(more: str = "") -> list[Panel]:
    """Every run chosen over the others, by the clock; ``more`` are matchers of the runs."""
    of_run = partial(of_any_run, more=more)
    at_rest = f"sum by (job, instance, driver) ({select('memtest_settled_heap_bytes')})"
    paid, failed = (rate(name) for name in ("memtest_payments_total", "memtest_payment_failures_total"))
    growth = select("memtest_growth_bytes_per_second") + " * 60 / 1024"
    per_payment = select("memtest_growth_per_payment_bytes")
    per_operation = select("memtest_growth_per_operation_bytes")
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
        slope(
            "Growth per operation as judged",
            "The same, divided by what else was done: reconnects, wallet lifecycles, failed payments.",
            "bytes",
            (of_run(per_operation), SERIES + " {{series}} per {{operation}}"),
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
