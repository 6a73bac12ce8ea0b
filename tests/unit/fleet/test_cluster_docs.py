"""The page on Kubernetes: its plan and its values are right, its commands are ours, and it describes every key."""

import re
import shlex
from pathlib import Path

import click
import jsonschema
import yaml

from exporter.cli.matrix import command
from exporter.fleet.placement import Artefacts, Placement
from exporter.fleet.plan import parse_plan, plan_schema

PAGE = (Path(__file__).parents[3] / "docs" / "kubernetes.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
PLAN = next(block for block in BLOCKS if block.startswith("name:"))
VALUES = next(block for block in BLOCKS if block.startswith("image:"))


def test_the_plans_are_right() -> None:
    parse_plan(PLAN.encode())
    jsonschema.validate(yaml.safe_load(VALUES)["nightly"]["plan"], plan_schema())


def test_every_key_is_described() -> None:
    keys = {name.replace("_", "-") for name in (*Placement.__struct_fields__, *Artefacts.__struct_fields__)}
    assert [key for key in keys if f"`{key}`" not in PAGE] == []


def test_the_commands_are_ours() -> None:
    names = {option for parameter in command.params for option in parameter.opts if isinstance(parameter, click.Option)}
    found = re.findall(r"exporter matrix ([^`>|\n]+)", PAGE)
    used = {word for text in found for word in shlex.split(text) if word.startswith("--")}
    assert {"--kubernetes", "--job", "--delete", "--dry-run"} <= used <= names
