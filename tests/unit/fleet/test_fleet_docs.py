"""The page on fleets: its plan is one, and the commands of its workflow are ours."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import yaml

from exporter.cli.matrix import command
from exporter.exit_codes import ExitCode
from exporter.fleet.plan import Plan, parse_plan

PAGE = (Path(__file__).parents[3] / "docs" / "fleet.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
PLAN = next(block for block in BLOCKS if block.startswith("name:"))
WORKFLOW = next(block for block in BLOCKS if block.startswith("jobs:"))


def test_the_plan_is_one_and_every_key_is_described() -> None:
    plan = parse_plan(PLAN.encode())
    assert plan.fail_on == "leak"
    assert set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)) >= yaml.safe_load(PLAN).keys()
    keys = {name.replace("_", "-") for name in Plan.__struct_fields__}
    assert [key for key in keys if f"`{key}`" not in PAGE and f"\n{key}:" not in PAGE] == []


def commands() -> list[list[str]]:
    """What the page types after ``exporter matrix``, up to the end of the shell's command."""
    found = re.findall(r"exporter matrix ([^`>|\n]+)", PAGE)
    return [shlex.split(re.sub(r"\$\{\{.*?\}\}", "0", text)) for text in found]


def test_the_commands_are_ours() -> None:
    names = {option for parameter in command.params for option in parameter.opts if isinstance(parameter, click.Option)}
    used = {word for words in commands() for word in words if word.startswith("--")}
    assert {"--cell", "--jobs", "--dry-run", "--markdown"} <= used <= names


def test_the_workflow_runs_each_cell_and_puts_them_together() -> None:
    jobs: dict[str, Any] = yaml.safe_load(WORKFLOW)["jobs"]
    assert list(jobs) == ["plan", "cell", "table"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "exporter" in step.get("run", "")]
    assert len(runs) == 3


def test_the_exit_codes_are_all_named() -> None:
    (told,) = re.findall(r"The exit code is the gravest of all: (.*?)\n\n", PAGE, re.DOTALL)
    codes = [int(code) for code in re.findall(r"\b(\d+)\b", told)]
    assert sorted(codes) == sorted(ExitCode)
