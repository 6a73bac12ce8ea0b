"""Comparison: runs overlaid by the clock, by the time since their load began, and in figures.

By elapsed time there are two ways: a baseline, moved in time so that both loads begin together, at full resolution and
by PromQL alone; and a chart of any number of runs over their elapsed time.
"""

from grafana_foundation_sdk.builders import dashboard, xychart
from grafana_foundation_sdk.builders.dashboard import Row
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.xychart import SeriesMapping, XYShowMode

from tools.dashboards import fleet
from tools.dashboards.frame import annotations, drivers, finished, frame, run_variable
from tools.dashboards.panels import DATASOURCE, Panel, Query, level, slope, targets
from tools.dashboards.queries import TARGET, of_run, select, threshold

UID = "memtest-comparison"
SERIES = "{{run}} {{driver}}"
SHIFTED = " offset ${shift}s"


def build() -> models.Dashboard:
    built = frame("Comparison", UID, "Two or more runs over each other: by the clock, by elapsed time, in figures.")
    built = built.annotations(list(annotations()))
    built = built.with_variable(run_variable("run", "Runs to compare by the clock.", several=True))
    built = built.with_variable(drivers())
    built = built.with_variable(run_variable("candidate", "Run to compare with the baseline.", several=False))
    built = built.with_variable(run_variable("baseline", "Run to compare the candidate with.", several=False))
    built = built.with_variable(shift())
    sections = (
        ("Figures", [fleet.summary()]),
        ("By the clock", _by_clock()),
        ("Baseline moved to the candidate's start", _aligned()),
        ("By elapsed time", _by_elapsed_time()),
    )
    for title, section in sections:
        built = built.with_row(Row(title))
        for panel in section:
            built = built.with_panel(panel)
    return finished(built)


def shift() -> dashboard.QueryVariable:
    """Seconds from the start of the baseline's load to the start of the candidate's, for PromQL's ``offset``."""

    def start(run: str) -> str:
        begun = f"{select('memtest_load_start_timestamp_seconds')} * on (job, instance) group_left (run) "
        begun += f'memtest_run_info{{{TARGET}, run="{run}"}}'
        return f"max(last_over_time(({begun})[$__range:1m]))"

    return (
        dashboard.QueryVariable("shift")
        .label("Shift")
        .description("Seconds between the starts of the two loads.")
        .datasource(DATASOURCE)
        # PromQL knows no offset of 0.
        .query(f"query_result(round({start('$candidate')} - {start('$baseline')}) != 0 or vector(1))")
        .regex(r"/ (-?[0-9.]+) [0-9.]+$/")
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .hide(models.VariableHide.HIDE_VARIABLE)
        .current(models.VariableOption(text="1", value="1"))
    )


def overlaid(expression: str) -> list[Query]:
    return [(of_run(expression), SERIES)]


def pair(expression: str) -> list[Query]:
    """The candidate as it was, and the baseline as it was at the same time after its start.

    ``expression`` has {offset} after each of its selectors.
    """
    return [
        (of_run(expression.format(offset=""), "$candidate"), "{{run}} {{driver}}"),
        (of_run(expression.format(offset=SHIFTED), "$baseline", SHIFTED), "{{run}} {{driver}} (baseline)"),
    ]


def _movable(name: str) -> str:
    return select(name).replace("{", "{{").replace("}", "}}") + "{offset}"


def _by_clock() -> list[Panel]:
    heap_at_rest = f"sum by (job, instance, driver) ({select('memtest_settled_heap_bytes')})"
    return [
        level("Resident memory", "Of every run chosen.", "bytes", *overlaid(select("memtest_resident_memory_bytes"))),
        level("Heaps", "All heaps of a subject together.", "bytes", *overlaid(fleet.heaps())),
        level("Heaps at rest", "With the load at rest and garbage collected.", "bytes", *overlaid(heap_at_rest)),
        slope(
            "Growth of resident memory",
            "Slope of the floor over half an hour; the line is where the alert fires.",
            "binBps",
            *overlaid(select("driver:memtest_resident_memory_bytes:deriv30m")),
            alarm=threshold("MemtestResidentMemoryGrowing"),
        ),
        slope(
            "Growth per payment",
            "Bytes that each payment leaves in the heaps at rest; the line is where the alert fires.",
            "bytes",
            *overlaid(select("driver:memtest_settled_heap_bytes:growth_per_payment30m")),
            alarm=threshold("MemtestGrowthPerPayment"),
        ),
        level(
            "Payments per second",
            "Payments that succeeded.",
            "ops",
            *overlaid(select("driver:memtest_payments:rate5m")),
        ),
    ]


def _aligned() -> list[Panel]:
    heaps = f"sum by (job, instance, driver) ({_movable('memtest_heap_bytes')})"
    at_rest = f"sum by (job, instance, driver) ({_movable('memtest_settled_heap_bytes')})"
    return [
        level(
            "Resident memory since the start",
            "The baseline is moved in time, so that both loads begin together.",
            "bytes",
            *pair(_movable("memtest_resident_memory_bytes")),
        ),
        level("Heaps since the start", "All heaps of a subject together.", "bytes", *pair(heaps)),
        level("Heaps at rest since the start", "With the load at rest and garbage collected.", "bytes", *pair(at_rest)),
        slope(
            "Resident memory over the baseline's",
            "How much more the candidate takes than the baseline did at the same time after its start.",
            "bytes",
            (_difference("memtest_resident_memory_bytes"), "{{driver}}"),
        ),
    ]


def _difference(name: str) -> str:
    candidate, baseline = (f"sum by (driver) ({expression})" for expression, _ in pair(_movable(name)))
    return f"{candidate} - {baseline}"


def _by_elapsed_time() -> list[Panel]:
    return [
        _over_elapsed_time("Resident memory by elapsed time", select("memtest_resident_memory_bytes")),
        _over_elapsed_time("Heaps by elapsed time", fleet.heaps()),
    ]


def _over_elapsed_time(title: str, expression: str) -> Panel:
    """Draw every run over the seconds since its load began: one frame for each run, joined from two queries."""
    elapsed = f"time() - {select('memtest_load_start_timestamp_seconds')}"
    every = f"{select('memtest_up')} * 0 + on (job, instance) group_left () ({elapsed} > 0)"
    each = "sum by (run, driver)"
    queries = [(f"{each} ({of_run(every)})", ""), (f"{each} ({of_run(expression)})", "")]
    columns = {"excludeByName": {"Time": True}, "renameByName": {"Value #A": "Elapsed", "Value #B": "Bytes"}}
    steps = {"merge": {}, "organize": columns, "partitionByValues": {"fields": ["run", "driver"]}}
    return (
        xychart.Panel()
        .title(title)
        .description("Every run chosen, over the time since its load began.")
        .datasource(DATASOURCE)
        .span(12)
        .height(9)
        .unit("bytes")
        .min(0)
        .targets(list(targets(queries, as_table=True)))
        .transformations([models.DataTransformerConfig(id_val=name, options=how) for name, how in steps.items()])
        .mapping(SeriesMapping.AUTO)
        .series([])
        .show(XYShowMode.LINES)
        .override_by_name("Elapsed", [models.DynamicConfigValue(id_val="unit", value="dtdurations")])
    )
