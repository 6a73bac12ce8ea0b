"""The Helm chart: its objects are what Kubernetes and the Prometheus operator take, made of the stack's own files."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from fleet_on_cluster import PLACED
from fleet_plans import NIGHTLY
from stack_tools import GRAFANA, ROOT, RULES, operator_definitions, program

from exporter import version
from exporter.fleet.cluster.job import job_of
from exporter.fleet.plan import parse_plan
from tools.chart_schema import SCHEMA, up_to_date

pytestmark = pytest.mark.system

CHART = ROOT / "charts" / "memtest-exporter"
RELEASE = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
KUBERNETES = "1.34"
EVERYTHING = {
    "nightly": {"enabled": True, "plan": yaml.safe_load(NIGHTLY)},
    "monitoring": {name: {"enabled": True} for name in ("podMonitor", "prometheusRule", "dashboards")},
}

Object = dict[str, Any]


def helm(*args: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("helm"), *args], input=stdin, capture_output=True, text=True)


def rendered(values: Object) -> list[Object]:
    done = helm("template", "night", CHART, "--values", "-", stdin=json.dumps(values))
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def of_kind(objects: list[Object], kind: str) -> Object:
    (found,) = (each for each in objects if each["kind"] == kind)
    return found


@cache
def operators_schema(kind: str) -> Object:
    """The schema of a custom resource of the Prometheus operator, as its own definition has it."""
    definition = yaml.safe_load((operator_definitions() / f"monitoring.coreos.com_{kind.lower()}s.yaml").read_text())
    schema: Object = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return closed(schema)


def closed(schema: Object) -> Object:
    """The schema without room for fields that it doesn't name, and without patterns, which are in Go's dialect."""
    schema = {name: each for name, each in schema.items() if name != "pattern" or not isinstance(each, str)}
    if "properties" in schema:
        schema = {**schema, "properties": {name: closed(each) for name, each in schema["properties"].items()}}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema["additionalProperties"] = False
    if isinstance(schema.get("items"), dict):
        schema = {**schema, "items": closed(schema["items"])}
    return schema


@pytest.fixture(scope="module")
def everything() -> list[Object]:
    return rendered(EVERYTHING)


def test_helm_has_no_complaint() -> None:
    done = helm("lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout


def test_by_itself_it_makes_nothing() -> None:
    assert rendered({}) == []


def test_kubernetes_and_the_operator_have_nothing_against_its_objects(everything: list[Object]) -> None:
    for each in everything:
        if each["apiVersion"].startswith("monitoring.coreos.com/"):
            jsonschema.validate(each, operators_schema(each["kind"]))
        else:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
    assert {each["kind"] for each in everything} == {"ConfigMap", "CronJob", "PodMonitor", "PrometheusRule"}


def test_the_operator_is_really_asked(everything: list[Object]) -> None:
    monitor = of_kind(everything, "PodMonitor")
    schema = operators_schema("PodMonitor")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**monitor, "spec": {**monitor["spec"], "selecter": {}}}, schema)


@pytest.mark.parametrize("text", [NIGHTLY, PLACED, f"{NIGHTLY}\nkubernetes: {{artefacts: {{claim: soak}}}}"])
def test_its_job_is_that_of_the_command_line(text: str) -> None:
    cron = of_kind(rendered({"nightly": {"enabled": True, "plan": yaml.safe_load(text)}}), "CronJob")
    template = cron["spec"]["jobTemplate"]
    image = "" if "image:" in text else f"memtest-exporter:{RELEASE}"
    made = job_of(parse_plan(text.encode()), text, "night", image)
    assert template["metadata"]["labels"] == made["metadata"]["labels"]
    for job in (template, made):
        annotations = job["spec"]["template"]["metadata"]["annotations"]
        annotations["memtest/plan"] = yaml.safe_load(annotations["memtest/plan"])
    assert template["spec"] == made["spec"]


def test_dashboards_are_those_of_the_stack(everything: list[Object]) -> None:
    maps = [each for each in everything if each["kind"] == "ConfigMap"]
    found = {name: text for each in maps for name, text in each["data"].items()}
    stack = {path.name: path.read_text() for path in (GRAFANA / "dashboards").glob("*.json")}
    assert {name: json.loads(text) for name, text in found.items()} == {
        name: json.loads(text) for name, text in stack.items()
    }
    assert all(each["metadata"]["labels"]["grafana_dashboard"] == "1" for each in maps)


def test_rules_are_those_of_the_stack_with_the_runbooks_address_written_in(everything: list[Object]) -> None:
    link = "{{ $externalLabels.runbook_url }}"
    texts = [path.read_text().replace(link, "/d/memtest-runbook") for path in RULES]
    assert of_kind(everything, "PrometheusRule")["spec"]["groups"] == [
        group for text in texts for group in yaml.safe_load(text)["groups"]
    ]
    assert link not in json.dumps(everything)


def test_the_monitor_finds_the_pods_of_cells(everything: list[Object]) -> None:
    monitor = of_kind(everything, "PodMonitor")["spec"]
    pod = of_kind(everything, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    assert monitor["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in pod["spec"]["containers"][0]["ports"]}
    assert {"targetLabel": "job", "replacement": "memtest"} in endpoint["relabelings"]


def test_what_is_built_from_a_tag_is_the_release_that_the_chart_names() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", RELEASE)
    assert version() == RELEASE or ".dev" in version()


def test_every_value_is_explained_and_is_in_the_schema() -> None:
    """A group of values or a value has a comment above it, and the schema knows all of them."""
    lines = (CHART / "values.yaml").read_text().splitlines()
    top = [number for number, line in enumerate(lines) if re.match(r"\w", line)]
    assert [lines[number] for number in top if number == 0 or not lines[number - 1].startswith("#")] == []
    schema = json.loads(SCHEMA.read_text())
    values = yaml.safe_load("\n".join(lines))
    assert values.keys() | {"global"} == schema["properties"].keys()


def test_the_schema_of_plans_is_up_to_date() -> None:
    """Outdated: make docs."""
    assert up_to_date(SCHEMA.read_text()) == SCHEMA.read_text()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"nightly": {"shedule": "0 1 * * *"}}, "shedule"),
        ({"nightly": {"enabled": True}}, "drivers"),
        ({"nightly": {"enabled": True, "plan": {"name": "Not A Name"}}}, "Not A Name"),
        ({"nightly": {"enabled": True, "plan": {"kubernetes": {"parallelism": 0}}}}, "parallelism"),
        ({"monitoring": {"podMonitor": {"interval": "often"}}}, "often"),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_installed(values: Object, named: str) -> None:
    done = helm("template", "night", CHART, "--values", "-", stdin=json.dumps(values))
    assert done.returncode != 0
    assert named in done.stderr


def test_a_package_holds_the_stacks_files(tmp_path: Path) -> None:
    assert helm("package", CHART, "--destination", tmp_path).returncode == 0
    (package,) = tmp_path.glob("*.tgz")
    done = helm("template", "night", package, "--values", "-", stdin=json.dumps(EVERYTHING))
    assert [each for each in yaml.safe_load_all(done.stdout) if each] == rendered(EVERYTHING)
