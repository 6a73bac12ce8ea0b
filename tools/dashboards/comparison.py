"""Comparison: runs overlaid by the clock, by the time since their load began, and in figures.

By elapsed time there are two ways: a baseline, moved in time so that both loads begin together, at full resolution and
by PromQL alone; and a chart of any number of runs over their elapsed time.
"""

from grafana_foundation_sdk.builders import common, dashboard, xychart
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import LegendDisplayMode
from grafana_foundation_sdk.models.xychart import SeriesMapping, XYShowMode

from tools.dashboards import fleet
from tools.dashboards.frame import annotations, drivers, finished, frame, run_variable, with_sections
from tools.dashboards.panels import DATASOURCE, NO_SERIES, Panel, Query, level, slope, targets
from tools.dashboards.queries import TARGET, of_run, select

UID = "memtest-comparison"
NAMED_BY_LABELS = "${__field.labels.run} ${__field.labels.driver}"
SHIFTED = " offset ${shift}s"


def build() -> models.Dashboard:
    built = frame("Comparison", UID, "Two or more runs over each other: by the clock, by elapsed time, in figures.")
    built = built.annotations(list(annotations()))
    built = built.with_variable(run_variable("run", "Runs to compare by the clock.", several=True))
    built = built.with_variable(drivers())
    built = built.with_variable(run_variable("candidate", "Run to compare with the baseline.", several=False))
    baseline = run_variable("baseline", "Run to compare the candidate with.", several=False, other_than="candidate")
    built = built.with_variable(baseline).with_variable(shift())
    opened = (("Figures", [fleet.summary()]), ("By elapsed time", _by_elapsed_time()))
    closed = (("Baseline moved to the candidate's start", _aligned()), ("By the clock", fleet.overlays()))
    return finished(with_sections(built, opened, closed))


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
    # With the run and the driver as labels, a series is named by them.
    by_run = {"fields": ["run", "driver"], "keepFields": False, "naming": {"asLabels": True}}
    steps = {"merge": {}, "organize": columns, "partitionByValues": by_run}
    return (
        xychart.Panel()
        .title(title)
        .description("Every run chosen, over the time since its load began.")
        .datasource(DATASOURCE)
        .span(12)
        .height(9)
        .unit("bytes")
        .min(0)
        .no_value(NO_SERIES)
        .targets(list(targets(queries, as_table=True)))
        .transformations([models.DataTransformerConfig(id_val=name, options=how) for name, how in steps.items()])
        .mapping(SeriesMapping.AUTO)
        .series([])
        .show(XYShowMode.LINES)
        .legend(common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).show_legend(True))
        # The field carries the labels: Elapsed {driver="python", run="nightly"}.
        .override_by_regexp("/^Elapsed/", [models.DynamicConfigValue(id_val="unit", value="dthms")])
        .override_by_regexp("/^Bytes/", [models.DynamicConfigValue(id_val="displayName", value=NAMED_BY_LABELS)])
    )
