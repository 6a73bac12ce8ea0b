"""The dashboards against Grafana's own types: those of the release that docker-compose.yml brings up."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from stack_dashboards import FILES, load, panels
from stack_tools import ROOT, program

pytestmark = pytest.mark.e2e

SOURCES = ROOT / "tests" / "fixtures" / "grafana_schema"
DASHBOARD = "node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen.d.ts"

Schema = dict[str, Any]


def make_schema(directory: Path, *args: str) -> Schema:
    generator = directory / "node_modules" / ".bin" / "ts-json-schema-generator"
    done = subprocess.run(
        [generator, "--no-type-check", "--unstable", *args], cwd=directory, capture_output=True, text=True, check=True
    )
    schema: Schema = json.loads(done.stdout)
    return schema


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory in which Grafana's types are installed."""
    directory = tmp_path_factory.mktemp("schema")
    for name in ("package.json", "package-lock.json", "panels.ts"):
        shutil.copy(SOURCES / name, directory)
    subprocess.run(
        [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    return directory


@pytest.fixture(scope="module")
def dashboard_schema(types: Path) -> Schema:
    # Grafana keeps what its types don't name, such as an annotation's query.
    return make_schema(types, "--path", DASHBOARD, "--type", "Dashboard", "--additional-properties")


@pytest.fixture(scope="module")
def panel_schema(types: Path) -> Schema:
    return make_schema(types, "--path", "panels.ts")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_dashboard_is_one_of_grafanas(dashboard_schema: Schema, path: Path) -> None:
    jsonschema.Draft7Validator(dashboard_schema).validate(load(path))


def test_schema_tells_a_broken_dashboard_apart(dashboard_schema: Schema) -> None:
    broken = load(FILES[0])
    broken["graphTooltip"] = "crosshair"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(dashboard_schema).validate(broken)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_panel_settings_are_those_of_their_kind(panel_schema: Schema, path: Path) -> None:
    """No option is unknown or of a wrong type; a misspelt one would be without effect."""
    definitions = panel_schema["definitions"]
    for panel in panels(load(path)):
        kind = panel["type"].replace("-", "").capitalize()
        settings = {"Options": panel.get("options", {})}
        if f"{kind}FieldConfig" in definitions:
            settings["FieldConfig"] = panel["fieldConfig"]["defaults"].get("custom", {})
        for part, value in settings.items():
            schema = {"$ref": f"#/definitions/{kind}{part}", "definitions": definitions}
            jsonschema.Draft7Validator(schema).validate(value)


def test_types_are_of_the_grafana_that_compose_brings_up() -> None:
    pinned = json.loads((SOURCES / "package.json").read_text())["dependencies"]["@grafana/schema"]
    found = re.search(r"grafana/grafana:\$\{GRAFANA_VERSION:-([\d.]+)\}", (ROOT / "docker-compose.yml").read_text())
    assert found
    assert found[1] == pinned
