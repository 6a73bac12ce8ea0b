"""The kinds of panel that the dashboards are made of, each with its unit, its axis, and why it may be empty."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import bargauge, common, dashboard, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

from exporter.record.terms import Phase

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
WIDTH = 24

# Labels that runs of a plan have besides their names.
OF_A_CELL = ("plan", "scenario", "repetition")
# The labels that a table shows after the values.
LABELS = (*OF_A_CELL, "sdk", "sdk_version", "language", "driver", "job", "instance")

Panel = Builder[models.Panel]
Query = tuple[str, str]  # expression and legend

GREEN, YELLOW, RED, GREY, BLUE = "green", "yellow", "red", "text", "blue"
NO_SERIES = "No such series in this run, or not yet"
NOT_SERVED = "The run is not served any more"
NOT_JUDGED = "Not yet: the verdict is first computed after a minute of load"
PHASE_MAPPING = models.ValueMap(
    options={
        str(code): models.ValueMappingResult(text=phase.capitalize(), color=color, index=code)
        for code, (phase, color) in enumerate(zip(Phase, (GREY, GREY, BLUE, GREEN, YELLOW, GREY), strict=True))
    }
)
YES_OR_NO = models.ValueMap(
    options={
        "0": models.ValueMappingResult(text="no", color=GREY, index=0),
        "1": models.ValueMappingResult(text="yes", color=GREEN, index=1),
    }
)
# 0 of 0: no share of anything.
NO_SHARE = models.SpecialValueMap(
    options=models.DashboardSpecialValueMapOptions(
        match=models.SpecialValueMatch.NULL_AND_NAN, result=models.ValueMappingResult(text="\N{EN DASH}")
    )
)
VERDICT_MAPPING = models.ValueMap(
    options={
        "0": models.ValueMappingResult(text="None yet", color=GREY, index=0),
        "1": models.ValueMappingResult(text="Leak", color=RED, index=1),
        "2": models.ValueMappingResult(text="Inconclusive", color=YELLOW, index=2),
        "3": models.ValueMappingResult(text="No leak", color=GREEN, index=3),
    }
)


def targets(queries: Sequence[Query], *, instant: bool = False, as_table: bool = False) -> list[Dataquery]:
    """Return the queries of a panel, lettered in order."""
    built = []
    for number, (expression, legend) in enumerate(queries):
        query = Dataquery().datasource(DATASOURCE).ref_id(chr(ord("A") + number)).expr(expression)
        query = query.legend_format(legend).editor_mode(QueryEditorMode.CODE)
        query = query.instant() if instant else query.range()
        built.append(query.format(PromQueryFormat.TABLE if as_table else PromQueryFormat.TIME_SERIES))
    return built


def limits(*steps: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    return (
        dashboard.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=value, color=color) for value, color in steps])
    )


def _lines(title: str, description: str, unit: str, queries: Sequence[Query], span: int) -> timeseries.Panel:
    return (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .span(span)
        .height(8)
        .targets(list(targets(queries)))
        .no_value(NO_SERIES)
        .show_points(common_models.VisibilityMode.NEVER)
        .color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC))
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.TABLE)
            .placement(common_models.LegendPlacement.RIGHT)
            .calcs(["lastNotNull", "max"])
            .sort_by("Last *")
            .sort_desc(True)
            .show_legend(True)
        )
    )


def level(title: str, description: str, unit: str, *queries: Query, span: int = 12) -> timeseries.Panel:
    """Draw how much there is: the axis starts at 0, so that a wobble does not look like a slope.

    A panel of zeros reaches to 1.
    """
    return _lines(title, description, unit, queries, span).min(0).axis_soft_max(1)


def stacked(title: str, description: str, unit: str, *queries: Query, span: int = 12) -> timeseries.Panel:
    """Draw parts of a whole on top of each other."""
    return (
        level(title, description, unit, *queries, span=span)
        .fill_opacity(25)
        .stacking(common.StackingConfig().group("A").mode(common_models.StackingMode.NORMAL))
    )


def slope(title: str, description: str, unit: str, *queries: Query, span: int = 12) -> timeseries.Panel:
    """Draw how fast it changes: the axis follows the data, 0 included or not."""
    return _lines(title, description, unit, queries, span)


def figure(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    steps: Sequence[tuple[float | None, str]] = ((None, BLUE),),
    span: int = 4,
    instant: bool = False,
    missing: str = NO_SERIES,
) -> stat.Panel:
    """Show one number for each series, coloured by its thresholds; ``missing`` says why there is none.

    A query that isn't ``instant`` shows the last value within the time shown, which outlives the run.
    """
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .span(span)
        .height(4)
        .targets(list(targets([query], instant=instant)))
        .no_value(missing)
        .thresholds(limits(*steps))
        .color_mode(common_models.BigValueColorMode.VALUE)
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def state(title: str, description: str, expression: str, mapping: models.ValueMap, *, instant: bool) -> stat.Panel:
    """Show the state that a code stands for."""
    return (
        figure(title, description, "none", (expression, "{{driver}}"), instant=instant, missing=NOT_SERVED)
        .mappings([mapping])
        .color_mode(common_models.BigValueColorMode.BACKGROUND)
        .text_mode(common_models.BigValueTextMode.VALUE)
    )


def states(
    title: str, description: str, mapping: models.ValueMap, *queries: Query, span: int = 12
) -> statetimeline.Panel:
    """Draw which state held when, a line for each series, from codes."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit("none")
        .span(span)
        .height(8)
        .targets(list(targets(queries)))
        .no_value(NO_SERIES)
        .mappings([mapping])
        .merge_values(True)
        .show_value(common_models.VisibilityMode.AUTO)
        .fill_opacity(70)
    )


def bars(title: str, description: str, unit: str, query: Query, *, span: int, missing: str) -> bargauge.Panel:
    """Show the last value of each series as a bar, so that the largest catches the eye."""
    return (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .span(span)
        .height(8)
        .min(0)
        .targets(list(targets([query])))
        .no_value(missing)
        .orientation(common_models.VizOrientation.HORIZONTAL)
        .display_mode(common_models.BarGaugeDisplayMode.BASIC)
        .thresholds(limits((None, BLUE)))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def rows(title: str, description: str, columns: Sequence[tuple[str, Query]], height: int = 8) -> table.Panel:
    """Show a table with a row for each set of labels; ``columns`` are the names of the queries' values, in order.

    The run comes first, then the values, then the other labels.
    """
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit("none")
        .span(WIDTH)
        .height(height)
        .no_value(NO_SERIES)
        .targets(list(targets([query for _, query in columns], instant=True, as_table=True)))
        .with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    )
    # The values of a single query are called otherwise than those of several.
    letters = [f" #{chr(ord('A') + number)}" for number in range(len(columns))] if len(columns) > 1 else [""]
    names = {f"Value{letter}": name for letter, (name, _) in zip(letters, columns, strict=True)}
    order = ["run", *names, *LABELS]
    options = {
        "excludeByName": {"Time": True},
        "indexByName": {name: place for place, name in enumerate(order)},
        "renameByName": names | {name: name.capitalize() for name in ("run", *LABELS) if name != "sdk"},
    }
    return panel.with_transformation(models.DataTransformerConfig(id_val="organize", options=options))
