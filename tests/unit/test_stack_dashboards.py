"""The dashboards: generated, sound by the rules of Grafana's dashboard-linter, and by our own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from stack_dashboards import (
    ASKING,
    BUILT_IN,
    FILES,
    Dashboard,
    at_first_sight,
    every_panel,
    load,
    panels,
    put_in,
    queries,
    variable_query,
    variables,
)
from stack_tools import GRAFANA, RULES

from exporter.publish.metrics import TABLE
from tools.dashboards.__main__ import DIRECTORY, render

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = re.compile(r"bytes|s|dtdurations|dateTimeFromNow|short|percentunit|none|suffix:[\w/]+|suffix:KiB/min")
DRAWN = ("bargauge", "stat", "state-timeline", "table", "timeseries", "xychart")
# Values with which every query can be parsed.
VALUES = {
    **dict.fromkeys(("job", "instance", "run", "driver"), ".+"),
    **dict.fromkeys(("plan", "scenario"), ".*"),
    "baseline": "a",
    "candidate": "b",
    "shift": "7",
}

SOAK_RUN, FLEET, COMPARISON = (DIRECTORY / f"memtest-{name}.json" for name in ("soak-run", "fleet", "comparison"))

every_dashboard = pytest.mark.parametrize(
    "dashboard", [load(path) for path in ASKING], ids=[path.stem for path in ASKING]
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
    assert drawn == panels(dashboard)
    units = {panel["fieldConfig"]["defaults"].get("unit") for panel in drawn}
    assert [unit for unit in units if not UNITS.fullmatch(unit)] == []


@every_dashboard
def test_every_panel_is_of_a_current_version_and_says_why_it_may_be_empty(dashboard: Dashboard) -> None:
    assert {panel["pluginVersion"] for panel in panels(dashboard)} == {"12.3.0"}
    assert [panel["title"] for panel in panels(dashboard) if not panel["fieldConfig"]["defaults"]["noValue"]] == []


@every_dashboard
def test_panel_no_targets(dashboard: Dashboard) -> None:
    assert [panel["title"] for panel in panels(dashboard) if not panel["targets"]] == []


@every_dashboard
def test_target_promql(dashboard: Dashboard) -> None:
    for expression in all_promql(dashboard):
        promql_parser.parse(put_in(expression, VALUES))


def test_variable_within_a_duration_starts_as_a_number() -> None:
    shift = variable(load(COMPARISON), "shift")
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
    every = every_panel(dashboard)
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
        assert is_slope or panel["type"] == "xychart" or panel["fieldConfig"]["defaults"]["custom"]["axisSoftMax"] == 1
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
def test_growth_has_one_source_and_no_colour_of_its_own(dashboard: Dashboard) -> None:
    """What is coloured is a verdict, a phase, a state, or an alert that fires: no figure is judged a second time."""
    coloured = {
        panel["title"]
        for panel in panels(dashboard)
        for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
        if step["color"] in ("red", "yellow")
    }
    assert coloured <= {"Alerts firing"}
    for panel in at_first_sight(dashboard):
        if "rowth" in panel["title"]:
            for target in panel["targets"]:
                assert "deriv" not in target["expr"]
                assert "memtest_growth" in target["expr"] or "memtest_judged" in target["expr"]


@every_dashboard
def test_annotations_mark_changes(dashboard: Dashboard) -> None:
    annotations = {annotation["name"]: annotation for annotation in dashboard["annotations"]["list"]}
    assert set(annotations) == {"Run", "Phase", "Reconnect", "Alert"}
    assert all(annotation["enable"] for annotation in annotations.values())
    assert [name for name, annotation in annotations.items() if not annotation["hide"]] == ["Reconnect", "Alert"]
    for name in ("Phase", "Alert"):
        assert " unless " in annotations[name]["expr"], "a state that holds until now covers the charts"


@every_dashboard
def test_alerts_are_the_run_s(dashboard: Dashboard) -> None:
    for expression in all_promql(dashboard):
        if "ALERTS" in expression:
            assert re.search(r'memtest_run_info\{[^}]*run=~"\$run"', expression)


def test_first_view_of_a_run_is_short() -> None:
    dashboard = load(SOAK_RUN)
    asked_for = [target for panel in at_first_sight(dashboard) for target in panel["targets"]]
    assert len(asked_for) + len(dashboard["annotations"]["list"]) <= 15
    assert all(heading["collapsed"] for heading in dashboard["panels"] if heading.get("panels"))
    shown = [each["name"] for each in variables(dashboard) if each.get("hide") != 2]
    assert shown == ["datasource", "run", "driver"]


@pytest.mark.parametrize("path", [FLEET, COMPARISON], ids=lambda path: path.stem)
def test_runs_are_listed_with_what_one_acts_on_first(path: Path) -> None:
    table = next(panel for panel in panels(load(path)) if panel["title"] == "Runs")
    options = table["transformations"][-1]["options"]
    order = sorted(options["indexByName"], key=options["indexByName"].__getitem__)
    names = [options["renameByName"].get(name, name) for name in order]
    first = [
        "Run",
        "Verdict",
        "Growth",
        "At least",
        "At most",
        "Per payment",
        "Peak",
        "Payments",
        "Failures",
        "Duration",
    ]
    assert names[: len(first)] == first
    assert all(re.match(r"(last|max)_over_time\(", target["expr"]) for target in table["targets"])


def test_the_baseline_is_another_run_than_the_candidate() -> None:
    assert 'run!="$candidate"' in variable(load(COMPARISON), "baseline")["query"]


def test_charts_by_elapsed_time_name_series_by_labels() -> None:
    charts = [panel for panel in panels(load(COMPARISON)) if panel["type"] == "xychart"]
    assert len(charts) == 2
    for chart in charts:
        elapsed, _ = chart["fieldConfig"]["overrides"]
        assert elapsed["matcher"] == {"id": "byRegexp", "options": "/^Elapsed/"}
        assert elapsed["properties"] == [{"id": "unit", "value": "dthms"}]
        assert chart["transformations"][-1]["options"]["naming"] == {"asLabels": True}
        assert chart["options"]["legend"]["showLegend"]


def test_phase_is_asked_for_now_only() -> None:
    phase = next(panel for panel in panels(load(SOAK_RUN)) if panel["title"] == "Phase")
    assert [target.get("instant") for target in phase["targets"]] == [True]


def test_dashboards_are_linked_with_what_is_chosen() -> None:
    for path in ASKING:
        assert [(link["includeVars"], link["keepTime"]) for link in load(path)["links"]] == [(True, True)]


@every_dashboard
@pytest.mark.parametrize("name", ["run", "driver"])
def test_runs_and_drivers_can_be_chosen(dashboard: Dashboard, name: str) -> None:
    assert variable(dashboard, name)["type"] == "query"


def test_verdict_comes_first_in_the_depth_view() -> None:
    first = load(SOAK_RUN)["panels"][:2]
    assert [(panel["type"], panel["title"]) for panel in first] == [("row", "Verdict"), ("stat", "Verdict")]


def test_uids_are_stable() -> None:
    assert [load(path)["uid"] for path in FILES] == [path.stem for path in FILES]
    assert {path.stem for path in ASKING} == {"memtest-comparison", "memtest-fleet", "memtest-soak-run"}


def test_runbook_has_a_panel_for_every_alert() -> None:
    alerts = {rule["alert"] for path in RULES for group in _groups(path) for rule in group["rules"] if "alert" in rule}
    runbook = load(DIRECTORY / "memtest-runbook.json")
    assert {panel["title"] for panel in panels(runbook)} == alerts
    assert all("**Do:**" in panel["options"]["content"] for panel in panels(runbook))


def test_every_metric_is_on_a_dashboard() -> None:
    text = " ".join(expression for path in ASKING for expression in asked(load(path)))
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
    text = " ".join(promql for path in ASKING for promql in all_promql(load(path)))
    assert set(re.findall(r"\$\{?(__\w+)", text)) <= set(BUILT_IN)


def _groups(path: Path) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load(path.read_text())["groups"]
    return groups
