"""An option is one declaration: a throw-away one in a copy of the package is found wherever an option is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[3]
DECLARED = """
    patience_seconds: float = setting(
        2.0,
        "How long to be patient.",
        section=Section.LOAD,
        heading=True,
        above=1,
        remedy="be patient for 2s, for example",
    )
"""
CONFIG = """
import sys
from exporter.cli.options import settings_from
from exporter.cli.run import command
from exporter.settings.run import RunConfig

with command.make_context("run", sys.argv[1:]) as context:
    config = settings_from(context, RunConfig)
print(config.workload.patience_seconds, config.as_text()["patience"])
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its tools with one more setting."""
    directory = tmp_path_factory.mktemp("copy")
    for name in ("exporter", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", "target")
        shutil.copytree(ROOT / name, directory / name, ignore=ignored)
    load = directory / "exporter" / "settings" / "load.py"
    heading, fields = load.read_text().split("    protocol: Protocol = setting(", 1)
    load.write_text(f"{heading}{DECLARED.strip(chr(10))}\n    protocol: Protocol = setting({fields}")
    return directory


def python(copy: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MEMTEST_")}
    return subprocess.run(
        [sys.executable, *args],
        cwd=copy,
        env={**outside, "PYTHONPATH": str(copy), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_is_in_the_help_with_its_default(copy: Path) -> None:
    shown = " ".join(python(copy, "-m", "exporter", "run", "--help").stdout.split())
    assert "--patience DURATION How long to be patient. [default: 2s]" in shown


def test_it_is_in_the_page_of_the_command_line_with_its_variable_and_its_limit(copy: Path) -> None:
    page = python(copy, "-m", "tools.cli_reference").stdout
    assert "| `--patience` | `MEMTEST_PATIENCE` | more than 1s |" in page


@pytest.mark.parametrize(
    ("args", "environment", "printed"),
    [
        ([], {}, "2.0 2s"),
        (["--patience", "1m30s"], {}, "90.0 1m30s"),
        ([], {"MEMTEST_PATIENCE": "3s"}, "3.0 3s"),
    ],
)
def test_a_run_has_it_and_its_heading_tells_it(
    copy: Path, args: list[str], environment: dict[str, str], printed: str
) -> None:
    done = python(copy, "-c", CONFIG, *args, **environment)
    assert done.stdout.strip() == printed, done.stderr


def test_it_is_refused_with_its_remedy_together_with_others(copy: Path) -> None:
    done = python(copy, "-m", "exporter", "--patience", "1s", "--amount", "0")
    assert done.returncode == 2
    assert "patience is 1s: be patient for 2s, for example" in done.stderr
    assert "amount is 0: " in done.stderr
