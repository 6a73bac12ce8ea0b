"""The kinds of panel that the dashboards are made of, each with its unit, its axis and its thresholds."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
WIDTH = 24

Panel = Builder[models.Panel]
Query = tuple[str, str]  # expression and legend

GREEN, YELLOW, RED, GREY, BLUE = "green", "yellow", "red", "text", "blue"
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
        .show_points(common_models.VisibilityMode.NEVER)
        .color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC))
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.TABLE)
            .placement(common_models.LegendPlacement.BOTTOM)
            .calcs(["lastNotNull", "max"])
            .show_legend(True)
        )
    )


def level(title: str, description: str, unit: str, *queries: Query, span: int = 12) -> timeseries.Panel:
    """Draw how much there is: the axis starts at 0, so that a wobble does not look like a slope."""
    return _lines(title, description, unit, queries, span).min(0)


def stacked(title: str, description: str, unit: str, *queries: Query, span: int = 12) -> timeseries.Panel:
    """Draw parts of a whole on top of each other."""
    return (
        level(title, description, unit, *queries, span=span)
        .fill_opacity(25)
        .stacking(common.StackingConfig().group("A").mode(common_models.StackingMode.NORMAL))
    )


def slope(
    title: str, description: str, unit: str, *queries: Query, alarm: float | None = None, span: int = 12
) -> timeseries.Panel:
    """Draw how fast it changes: the axis follows the data, 0 included or not; a line shows where an alert fires."""
    panel = _lines(title, description, unit, queries, span)
    if alarm is None:
        return panel
    style = common.GraphThresholdsStyleConfig().mode(common_models.GraphThresholdsStyleMode.DASHED)
    return panel.thresholds(limits((None, GREEN), (alarm, RED))).thresholds_style(style)


def figure(
    title: str,
    description: str,
    unit: str,
    expression: str,
    *,
    steps: Sequence[tuple[float | None, str]] = ((None, BLUE),),
    span: int = 4,
) -> stat.Panel:
    """Show one number, coloured by its thresholds."""
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .span(span)
        .height(4)
        .targets(list(targets([(expression, "{{run}} {{driver}}")])))
        .thresholds(limits(*steps))
        .color_mode(common_models.BigValueColorMode.VALUE)
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def state_name(title: str, description: str, query: Query, span: int = 4) -> stat.Panel:
    """Show which series there is, by its legend, instead of its value."""
    return (
        figure(title, description, "none", query[0], span=span)
        .targets(list(targets([query])))
        .text_mode(common_models.BigValueTextMode.NAME)
    )


def verdict(title: str, description: str, expression: str, span: int = 4) -> stat.Panel:
    return (
        figure(title, description, "none", expression, span=span)
        .mappings([VERDICT_MAPPING])
        .color_mode(common_models.BigValueColorMode.BACKGROUND)
    )


def rows(title: str, description: str, columns: Sequence[tuple[str, Query]], height: int = 8) -> table.Panel:
    """Show a table with a row for each set of labels; ``columns`` are the names of the queries' values."""
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit("none")
        .span(WIDTH)
        .height(height)
        .targets(list(targets([query for _, query in columns], instant=True, as_table=True)))
        .with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    )
    # The values of a single query are called otherwise than those of several.
    letters = [f" #{chr(ord('A') + number)}" for number in range(len(columns))] if len(columns) > 1 else [""]
    names = {f"Value{letter}": name for letter, (name, _) in zip(letters, columns, strict=True)}
    options = {"excludeByName": {"Time": True}, "renameByName": names}
    return panel.with_transformation(models.DataTransformerConfig(id_val="organize", options=options))
