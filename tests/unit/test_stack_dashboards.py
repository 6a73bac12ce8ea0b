"""The dashboards: generated, sound by the rules of Grafana's dashboard-linter, and by our own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from stack_dashboards import BUILT_IN, FILES, Dashboard, Panel, load, panels, put_in, queries, variable_query, variables
from stack_tools import GRAFANA, RULES

from exporter.publish.metrics import TABLE
from tools.dashboards.__main__ import DIRECTORY, render

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"bytes", "binBps", "ops", "s", "dtdurations", "short", "percentunit", "none", "bool"}
LEVELS = {"bytes", "ops", "s", "percentunit", "short", "bool"}
DRAWN = ("stat", "table", "timeseries", "xychart")
# Values with which every query can be parsed.
VALUES = {"job": ".+", "instance": ".+", "run": ".+", "driver": ".+", "baseline": "a", "candidate": "b", "shift": "7"}

every_dashboard = pytest.mark.parametrize(
    "dashboard", [load(path) for path in FILES], ids=[path.stem for path in FILES]
)


def variable(dashboard: Dashboard, name: str) -> dict[str, Any]:
    return next(each for each in variables(dashboard) if each["name"] == name)


def asked(dashboard: Dashboard) -> list[str]:
    """Return the PromQL of every query, with Grafana's variables still in it."""
    return [target["expr"] for _, target in queries(dashboard)]


def all_promql(dashboard: Dashboard) -> Iterator[str]:
    yield from asked(dashboard)
    yield from (annotation["expr"] for annotation in dashboard["annotations"]["list"])
    for each in variables(dashboard):
        if each["type"] == "query":
            yield variable_query(each)[1]


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Yield name, matchers and the functions and ranges around each selector of an expression, outermost first."""
    yield from _walk(promql_parser.parse(expression), [])


def _walk(node: Any, around: list[str]) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    match node:
        case promql_parser.VectorSelector():
            matchers = {each.name: str(each.op).split(".")[-1] + each.value for each in node.matchers.matchers}
            yield node.name or "", matchers, around
        case promql_parser.MatrixSelector():
            yield from _walk(node.vector_selector, [*around, "range"])
        case promql_parser.Call():
            for argument in node.args:
                yield from _walk(argument, [*around, node.func.name])
        case promql_parser.BinaryExpr():
            yield from _walk(node.lhs, around)
            yield from _walk(node.rhs, around)
        case promql_parser.SubqueryExpr() | promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            yield from _walk(node.expr, around)
        case promql_parser.AggregateExpr():
            yield from _walk(node.expr, around)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            return
        case _:
            raise AssertionError(f"unknown node {node!r}")


def marked(expression: str) -> str:
    """Put in the variables so that job and instance can be recognised again."""
    return put_in(expression, VALUES | {"job": "<job>", "instance": "<instance>"})


def test_files_are_what_the_code_makes() -> None:
    assert {path.name: path.read_text() for path in DIRECTORY.iterdir()} == render()


@every_dashboard
def test_template_datasource(dashboard: Dashboard) -> None:
    found = [each for each in variables(dashboard) if each["type"] == "datasource"]
    assert [(each["name"], each["label"], each["query"]) for each in found] == [
        ("datasource", "Data source", "prometheus")
    ]


@every_dashboard
@pytest.mark.parametrize("name", ["job", "instance"])
def test_template_job_and_instance(dashboard: Dashboard, name: str) -> None:
    found = variable(dashboard, name)
    assert (found["type"], found["label"], found["multi"], found["allValue"]) == ("query", name.title(), True, ".+")
    assert found["datasource"] == DATASOURCE


@every_dashboard
def test_template_label_promql(dashboard: Dashboard) -> None:
    for each in variables(dashboard):
        if each["type"] == "query":
            _, expression, _ = variable_query(each)
            promql_parser.parse(put_in(expression, VALUES))


@every_dashboard
def test_template_on_time_change_reload(dashboard: Dashboard) -> None:
    assert {each["refresh"] for each in variables(dashboard) if each["type"] == "query"} == {2}


@every_dashboard
def test_panel_datasource(dashboard: Dashboard) -> None:
    assert all(panel["datasource"] == DATASOURCE for panel in panels(dashboard))
    assert all(target["datasource"] == DATASOURCE for _, target in queries(dashboard))


@every_dashboard
def test_panel_title_description(dashboard: Dashboard) -> None:
    assert [panel["title"] for panel in panels(dashboard) if not panel.get("description", "").endswith(".")] == []
    titles = [panel["title"] for panel in panels(dashboard)]
    assert all(titles)
    assert len(titles) == len(set(titles))


@every_dashboard
def test_panel_units(dashboard: Dashboard) -> None:
    drawn = [panel for panel in panels(dashboard) if panel["type"] in DRAWN]
    assert {panel["fieldConfig"]["defaults"].get("unit") for panel in drawn} <= UNITS


@every_dashboard
def test_panel_no_targets(dashboard: Dashboard) -> None:
    assert [panel["title"] for panel in panels(dashboard) if not panel["targets"]] == []


@every_dashboard
def test_target_promql(dashboard: Dashboard) -> None:
    for expression in all_promql(dashboard):
        promql_parser.parse(put_in(expression, VALUES))


def test_variable_within_a_duration_starts_as_a_number() -> None:
    shift = variable(load(DIRECTORY / "memtest-comparison.json"), "shift")
    assert shift["current"] == {"text": "1", "value": "1"}


@every_dashboard
def test_target_rate_interval(dashboard: Dashboard) -> None:
    for expression in asked(dashboard):
        assert re.findall(r"\bi?rate\([^()]*\[(?!\$__rate_interval)[^\]]*\]", expression) == []


@every_dashboard
def test_target_job_and_target_instance(dashboard: Dashboard) -> None:
    for expression in asked(dashboard):
        for name, matchers, _ in selectors(marked(expression)):
            assert (matchers.get("job"), matchers.get("instance")) == ("Re<job>", "Re<instance>"), (name, expression)


@every_dashboard
def test_target_counter_agg(dashboard: Dashboard) -> None:
    for expression in asked(dashboard):
        for name, _, around in selectors(marked(expression)):
            assert not name.endswith("_total") or around[-2:] in (["rate", "range"], ["increase", "range"]), expression


@every_dashboard
def test_uneditable_dashboard(dashboard: Dashboard) -> None:
    assert dashboard["editable"] is False


@every_dashboard
def test_crosshair_is_shared_and_the_schema_is_grafana_12s(dashboard: Dashboard) -> None:
    assert dashboard["graphTooltip"] == 1
    assert dashboard["schemaVersion"] in (41, 42)


@every_dashboard
def test_panels_are_numbered_and_do_not_overlap(dashboard: Dashboard) -> None:
    every: list[Panel] = dashboard["panels"]
    assert [panel["id"] for panel in every] == list(range(1, len(every) + 1))
    cells = [
        (place["x"] + right, place["y"] + down)
        for place in (panel["gridPos"] for panel in every)
        for right in range(place["w"])
        for down in range(place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(right for right, _ in cells) < 24


@every_dashboard
def test_levels_start_at_zero_and_slopes_do_not(dashboard: Dashboard) -> None:
    for panel in panels(dashboard):
        if panel["type"] not in ("timeseries", "xychart"):
            continue
        is_slope = any(word in panel["title"] for word in ("rowth", "Rise", "over the baseline"))
        assert (panel["fieldConfig"]["defaults"].get("min") == 0) is not is_slope, panel["title"]


@every_dashboard
def test_gauges_have_slopes_and_counters_have_rates(dashboard: Dashboard) -> None:
    gauges = {metric.name for metric in TABLE if metric.kind == "gauge"}
    counters = {metric.name for metric in TABLE if metric.kind == "counter"}
    recorded = [rule["expr"] for path in RULES for group in _groups(path) for rule in group["rules"]]
    for expression in [put_in(each, VALUES) for each in asked(dashboard)] + recorded:
        for name, _, around in selectors(expression):
            assert not (name in gauges and {"rate", "irate", "increase"} & set(around[-2:])), expression
            assert not (name in counters and {"deriv", "delta", "predict_linear"} & set(around[-2:])), expression


@every_dashboard
def test_thresholds_are_the_alerts(dashboard: Dashboard) -> None:
    """Every red line of a growth or a failure ratio is at a figure that an alert compares with."""
    alerts = [rule["expr"] for path in RULES for group in _groups(path) for rule in group["rules"] if "alert" in rule]
    compared = {float(found) for expression in alerts for found in re.findall(r">=? ([0-9.]+)", expression)}
    red = [
        (panel["title"], step["value"])
        for panel in panels(dashboard)
        for step in panel.get("fieldConfig", {"defaults": {}})["defaults"].get("thresholds", {}).get("steps", [])
        if step["color"] == "red" and panel["title"] not in ("Share of the limit", "Alerts firing")
    ]
    assert red
    assert [title for title, value in red if value not in compared] == []


@every_dashboard
def test_annotations_mark_phases_reconnects_and_restarts(dashboard: Dashboard) -> None:
    names = {annotation["name"] for annotation in dashboard["annotations"]["list"]}
    assert names >= {"Phase", "Reconnect", "Subject started", "Load begins", "Alert"}
    assert all(annotation["enable"] for annotation in dashboard["annotations"]["list"])


@every_dashboard
@pytest.mark.parametrize("name", ["run", "driver"])
def test_runs_and_drivers_can_be_chosen(dashboard: Dashboard, name: str) -> None:
    assert variable(dashboard, name)["type"] == "query"


def test_verdict_comes_first_in_the_depth_view() -> None:
    first = load(DIRECTORY / "memtest-soak-run.json")["panels"][:2]
    assert [(panel["type"], panel["title"]) for panel in first] == [("row", "Verdict"), ("stat", "Verdict")]


def test_uids_are_stable() -> None:
    assert [load(path)["uid"] for path in FILES] == ["memtest-comparison", "memtest-fleet", "memtest-soak-run"]


def test_every_metric_is_on_a_dashboard() -> None:
    text = " ".join(expression for path in FILES for expression in asked(load(path)))
    recorded = " ".join(rule["expr"] for path in RULES for group in _groups(path) for rule in group["rules"])
    assert [metric.name for metric in TABLE if metric.name not in text + recorded] == []


def test_links_lead_to_dashboards_that_exist() -> None:
    text = json.dumps([load(path) for path in FILES])
    assert set(re.findall(r"/d/([\w-]+)", text)) <= {load(path)["uid"] for path in FILES}


def test_provisioned_data_source_is_the_default_one_of_its_kind() -> None:
    document = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())
    assert [(source["type"], source["isDefault"]) for source in document["datasources"]] == [("prometheus", True)]
    assert all(source["uid"] for source in document["datasources"])
    scrape = yaml.safe_load((GRAFANA / "prometheus" / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert [source["jsonData"]["timeInterval"] for source in document["datasources"]] == [scrape]


def test_every_built_in_variable_that_is_used_is_known_here() -> None:
    text = " ".join(promql for path in FILES for promql in all_promql(load(path)))
    assert set(re.findall(r"\$\{?(__\w+)", text)) <= set(BUILT_IN)


def _groups(path: Path) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load(path.read_text())["groups"]
    return groups
