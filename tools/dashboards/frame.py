"""What the dashboards have in common: variables, annotations, links, behaviour."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from tools.dashboards.panels import DATASOURCE
from tools.dashboards.queries import TARGET, firing_alerts, of_run, select

TAG = "memtest"
ALL = models.VariableOption(text="All", value="$__all")


class Annotation(dashboard.AnnotationQuery):
    """An annotation query of Prometheus, with the settings that the library has no names for."""

    def __init__(self, name: str, color: str, expression: str, text: str, *, value_is_time: bool = False) -> None:
        super().__init__()
        self.name(name).datasource(DATASOURCE).icon_color(color).enable(True).hide(False).expr(expression)
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
    """Mark what changes the memory by itself: starts, the load's ends, phases, reconnects; and alerts."""
    starts = of_run(select("memtest_subject_start_timestamp_seconds") + " * 1000")
    begin = of_run(select("memtest_load_start_timestamp_seconds") + " * 1000")
    end = of_run(select("memtest_load_end_timestamp_seconds") + " * 1000")
    phases = of_run(select("memtest_phase", 'memtest_phase!="running"') + " == 1")
    reconnects = of_run(f"increase({select('memtest_reconnects_total')}[$__rate_interval]) > 0")
    return [
        Annotation("Subject started", "purple", starts, "{{run}} {{driver}}", value_is_time=True),
        Annotation("Load begins", "green", begin, "{{run}}", value_is_time=True),
        Annotation("Load ends", "blue", end, "{{run}}", value_is_time=True),
        Annotation("Phase", "yellow", phases, "{{run}} {{driver}}: {{memtest_phase}}"),
        Annotation("Reconnect", "rgba(128, 128, 128, 0.6)", reconnects, "{{run}} {{driver}}"),
        Annotation("Alert", "red", firing_alerts(), "{{alertname}}"),
    ]


def query_variable(name: str, query: str, description: str, *, several: bool = True) -> dashboard.QueryVariable:
    variable = (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .description(description)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_DESC)
    )
    return variable.multi(True).include_all(True).all_value(".+").current(ALL) if several else variable


def run_variable(name: str, description: str, *, several: bool) -> dashboard.QueryVariable:
    return query_variable(name, f"label_values(memtest_run_info{{{TARGET}}}, run)", description, several=several)


def frame(title: str, uid: str, description: str) -> dashboard.Dashboard:
    """Return a dashboard with the variables that select targets; the run's come after them."""
    jobs = query_variable("job", "label_values(memtest_run_info, job)", "Scrape job of the exporters.")
    instances = query_variable(
        "instance", 'label_values(memtest_run_info{job=~"$job"}, instance)', "Exporter, by its address."
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
            .include_vars(False)
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


def finished(built: dashboard.Dashboard) -> models.Dashboard:
    """Return the dashboard with its panels numbered, as links to single panels need it."""
    complete = built.build()
    for number, panel in enumerate(complete.panels or [], start=1):
        panel.id_val = number
    return complete
