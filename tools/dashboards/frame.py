"""What the dashboards have in common: variables, annotations, links, behaviour."""

from collections.abc import Iterator, Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.builders.dashboard import Row
from grafana_foundation_sdk.models import dashboard as models

from tools.dashboards.panels import DATASOURCE, Panel
from tools.dashboards.queries import TARGET, firing_alerts, of_run, select, told_apart

TAG = "memtest"
PLUGIN_VERSION = "12.3.0"
Sections = Sequence[tuple[str, Sequence[Panel]]]
ALL = models.VariableOption(text="All", value="$__all")


class Annotation(dashboard.AnnotationQuery):
    """An annotation query of Prometheus, with the settings that the library has no names for.

    One that is not ``switchable`` is always on, and takes no room above the panels.
    """

    def __init__(
        self, name: str, color: str, expression: str, text: str, *, value_is_time: bool = False, switchable: bool = True
    ) -> None:
        super().__init__()
        self.name(name).datasource(DATASOURCE).icon_color(color).enable(True).hide(not switchable).expr(expression)
        self._text = text
        self._value_is_time = value_is_time

    def build(self) -> models.AnnotationQuery:
        return _PrometheusAnnotation(super().build(), self._text, self._value_is_time)


class _PrometheusAnnotation(models.AnnotationQuery):
    def __init__(self, query: models.AnnotationQuery, text: str, value_is_time: bool) -> None:
        self.__dict__.update(query.__dict__)
        self._extra = {"titleFormat": query.name, "textFormat": text, "step": "15s"}
        if value_is_time:
            self._extra["useValueForTime"] = "on"

    def to_json(self) -> dict[str, object]:
        return super().to_json() | self._extra


def annotations() -> list[Annotation]:
    """Mark what changes the memory by itself: starts, the load's ends, phases, reconnects; and alerts.

    Every mark is a change. A state that holds until now would be a region that covers the charts.
    """
    moments = {
        "subject started": "memtest_subject_start_timestamp_seconds",
        "load begins": "memtest_load_start_timestamp_seconds",
        "load ends": "memtest_load_end_timestamp_seconds",
    }
    run = told_apart("what", {what: of_run(select(name) + " * 1000") for what, name in moments.items()})
    phases = of_run(_begins(select("memtest_phase", 'memtest_phase!="running"'), " == 1"))
    reconnects = of_run(f"increase({select('memtest_reconnects_total')}[$__rate_interval]) > 0")
    return [
        Annotation("Run", "purple", run, "{{run}} {{driver}}: {{what}}", value_is_time=True, switchable=False),
        Annotation("Phase", "yellow", phases, "{{run}} {{driver}}: {{memtest_phase}}", switchable=False),
        Annotation("Reconnect", "rgba(128, 128, 128, 0.6)", reconnects, "{{run}} {{driver}}"),
        Annotation("Alert", "red", of_run(_begins(firing_alerts())), "{{run}}: {{alertname}}"),
    ]


def _begins(selector: str, condition: str = "") -> str:
    """Where the condition holds and did not hold a little earlier."""
    return f"({selector}{condition} unless {selector} offset $__rate_interval{condition})"


def query_variable(
    name: str, query: str, description: str, *, several: bool = True, shown: bool = True, all_value: str = ".+"
) -> dashboard.QueryVariable:
    variable = (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .description(description)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_DESC)
        .hide(models.VariableHide.DONT_HIDE if shown else models.VariableHide.HIDE_VARIABLE)
    )
    return variable.multi(True).include_all(True).all_value(all_value).current(ALL) if several else variable


def run_variable(name: str, description: str, *, several: bool, other_than: str = "") -> dashboard.QueryVariable:
    """Runs to choose from; ``other_than`` names the variable whose run is left out."""
    matchers = f'{TARGET}, run!="${other_than}"' if other_than else TARGET
    return query_variable(name, f"label_values(memtest_run_info{{{matchers}}}, run)", description, several=several)


def frame(title: str, uid: str, description: str, *, targets_shown: bool = False) -> dashboard.Dashboard:
    """Return a dashboard with the variables that select targets; the run's come after them.

    Where a run is chosen, its job and instance follow from it and need not be shown.
    """
    jobs = query_variable(
        "job", "label_values(memtest_run_info, job)", "Scrape job of the exporters.", shown=targets_shown
    )
    instances = query_variable(
        "instance",
        'label_values(memtest_run_info{job=~"$job"}, instance)',
        "Exporter, by its address.",
        shown=targets_shown,
    )
    built: Any = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .refresh("10s")
        .time("now-1h", "now")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("Memory tests")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .keep_time(True)
            .include_vars(True)
            .as_dropdown(False)
        )
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(jobs)
        .with_variable(instances)
    )
    assert isinstance(built, dashboard.Dashboard)
    return built


def drivers() -> dashboard.QueryVariable:
    return query_variable("driver", f"label_values(memtest_up{{{TARGET}}}, driver)", "Driver of the subject.")


def with_sections(built: dashboard.Dashboard, opened: Sections, closed: Sections = ()) -> dashboard.Dashboard:
    """Add rows of panels; a ``closed`` one asks nothing of Prometheus until it is opened."""
    for title, section in opened:
        built = built.with_row(Row(title))
        for panel in section:
            built = built.with_panel(panel)
    for title, section in closed:
        row = Row(title).collapsed(True)
        for panel in section:
            row = row.with_panel(panel)
        built = built.with_row(row)
    return built


def finished(built: dashboard.Dashboard) -> models.Dashboard:
    """Return the dashboard with its panels numbered, as links to single panels need it, and marked as current.

    A panel without its plugin's version is taken for one of an old version, and is rewritten when it is opened.
    """
    complete = built.build()
    for number, panel in enumerate(_every(complete), start=1):
        panel.id_val = number
        if isinstance(panel, models.Panel):
            panel.plugin_version = PLUGIN_VERSION
    return complete


def _every(complete: models.Dashboard) -> Iterator[models.Panel | models.RowPanel]:
    for panel in complete.panels or []:
        yield panel
        if isinstance(panel, models.RowPanel):
            yield from panel.panels
