"""The GitHub Action's steps, run as a runner runs them: with its files and variables, and a ``gh`` that takes notes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
FAKE_DRIVER = Path(__file__).parents[1] / "fixtures" / "fake_driver.py"
GH = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$NOTES"
case "$1 $2" in
  "run list") echo "$FOUND_RUN" ;;
  "run download") mkdir -p "${!#}" && cp "$KEPT" "${!#}/samples.csv" ;;
esac
"""
PYTHON = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$NOTES"
[ "$2" != venv ] || { mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; }
"""


class Runner:
    """What GitHub gives a job: a directory, files for outputs and the summary, and programs on the path."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        programs = directory / "bin"
        programs.mkdir()
        (programs / "gh").write_text(GH)
        (programs / "gh").chmod(0o755)
        for name in ("output", "summary", "notes", "path"):
            (directory / name).touch()
        self.environment = {
            **os.environ,
            "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(directory / "output"),
            "GITHUB_STEP_SUMMARY": str(directory / "summary"),
            "GITHUB_PATH": str(directory / "path"),
            "GITHUB_REPOSITORY": "owner/sdk",
            "GITHUB_WORKFLOW": "Soak",
            "RUNNER_TEMP": str(directory),
            "NOTES": str(directory / "notes"),
            "FOUND_RUN": "",
        }

    def step(self, name: str, **inputs: str) -> int:
        """Run a step by its name, with the variables that the action sets; the exit code."""
        (step,) = (each for each in ACTION["runs"]["steps"] if each.get("name") == name)
        assert set(inputs) == step["env"].keys() - {"GH_TOKEN"}
        environment = self.environment | inputs
        return subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], env=environment, timeout=300).returncode

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.read("output").splitlines())

    def read(self, name: str) -> str:
        return (self.directory / name).read_text()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


IDLE = "time.sleep(60)"
LEAKING = "[kept.append(bytes(100000)) or time.sleep(0.01) for _ in range(6000)]"


def watching(program: str) -> str:
    """The arguments of a watch, quoted as somebody would in a workflow."""
    options = "--duration 3s --mem-interval 200ms --listen-address 127.0.0.1:0"
    return f"watch {options} -- {sys.executable} -c 'import time; kept = []; {program}'"


def soak(runner: Runner, arguments: str, **inputs: str) -> int:
    return runner.step("Run", **{"ARGUMENTS": arguments, "FAIL_ON": "leak", "FAIL_IF_WORSE": "true"} | inputs)


def test_every_variable_that_a_step_takes_is_an_input_of_the_action() -> None:
    asked = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert asked == ACTION["inputs"].keys()


def test_the_page_on_ci_has_every_input_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+?) \|", (ROOT / "docs" / "ci.md").read_text(), re.MULTILINE))
    assert rows.keys() == ACTION["inputs"].keys() - {"token"}
    stated = {name: default.strip("`") for name, default in rows.items() if default.startswith("`")}
    assert stated == {name: ACTION["inputs"][name]["default"] for name in stated}


def test_a_run_is_summarised_and_its_files_are_kept(runner: Runner) -> None:
    driver = f"--driver-command '{sys.executable} {FAKE_DRIVER}'"
    options = "--duration 4s --interval 10ms --mem-interval 500ms --listen-address 127.0.0.1:0"
    assert soak(runner, f"{options} {driver}") == 0
    directory = f"{runner.directory}/memtest/run"
    assert runner.outputs == {"exit-code": "0", "directory": directory, "verdict": "inconclusive"}
    assert "### Memory under `exporter run`" in runner.read("summary")
    assert "| samples.csv | **inconclusive** |" in runner.read("summary")
    assert {path.name for path in Path(directory).iterdir()} == {"samples.csv", "report.html", "summary.md"}


def test_the_job_fails_as_the_run_does(runner: Runner) -> None:
    assert soak(runner, watching(IDLE), FAIL_ON="inconclusive") == 3
    assert runner.outputs["exit-code"] == "3"
    assert "### Memory under `exporter watch`" in runner.read("summary")


@pytest.mark.parametrize(("arguments", "code"), [("--duration nonsense", 2), ("watch -- 'unclosed", 1)])
def test_a_mistake_in_the_arguments_leaves_nothing_to_keep(runner: Runner, arguments: str, code: int) -> None:
    assert soak(runner, arguments) == code
    assert "directory" not in runner.outputs


def test_a_run_that_is_worse_than_the_baseline_fails_if_it_shall(runner: Runner) -> None:
    assert soak(runner, watching(IDLE)) == 0
    kept = shutil.copy(Path(runner.outputs["directory"]) / "samples.csv", runner.directory / "kept.csv")
    runner.environment |= {"FOUND_RUN": "42", "KEPT": str(kept)}
    assert runner.step("Fetch the baseline", BRANCH="main", ARTIFACT="memtest") == 0
    assert "--workflow Soak --branch main --status success" in runner.read("notes")
    assert soak(runner, watching(LEAKING)) == 1
    assert "Compared with the baseline: worse" in runner.read("summary")
    assert soak(runner, watching(LEAKING), FAIL_IF_WORSE="false") == 0


def test_without_a_baseline_nothing_is_compared(runner: Runner) -> None:
    assert runner.step("Fetch the baseline", BRANCH="main", ARTIFACT="memtest") == 0
    assert "run download" not in runner.read("notes")


def test_the_summary_becomes_a_comment(runner: Runner) -> None:
    assert runner.step("Comment", DIRECTORY="/kept", NUMBER="7") == 0
    assert runner.read("notes") == (
        "pr comment 7 --repo owner/sdk --edit-last --create-if-none --body-file /kept/summary.md\n"
    )


@pytest.mark.parametrize(("version", "wanted"), [("", f"{ROOT}[all]"), ("1.2.3", "memtest-exporter[all]==1.2.3")])
def test_what_is_installed_is_this_copy_or_the_release(runner: Runner, version: str, wanted: str) -> None:
    python = runner.directory / "bin" / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    assert runner.step("Install", VERSION=version, EXTRAS="all") == 0
    assert runner.read("notes").split()[-1] == wanted
    assert runner.read("path") == f"{runner.directory}/memtest/venv/bin\n"
