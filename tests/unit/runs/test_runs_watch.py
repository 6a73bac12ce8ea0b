"""A watch of small real programs: a subject without a load ends as one with a load does."""

import os
import re
import sys
from csv import DictReader
from pathlib import Path
from typing import Any

import psutil
import pytest

from exporter.errors import ConfigError, SubjectError
from exporter.runs.watch import watch
from exporter.settings.watch import WatchConfig

pytestmark = pytest.mark.processes


def watched(*command: str, **changes: Any) -> int:
    settings = {"mem_interval_seconds": 0.1, "duration_seconds": 3600.0, "listen_address": "127.0.0.1:0", **changes}
    return watch(WatchConfig(command=command, **settings))


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


# Ends with that code once it has been sampled.
def ends_after_a_row(csv: Path, code: int) -> tuple[str, ...]:
    return python(
        f"import os, time\nwhile os.path.getsize({str(csv)!r}) < 3000: time.sleep(0.02)\nos._exit({code})",
    )


@pytest.mark.parametrize(("ends_with", "code"), [(0, 0), (3, SubjectError.exit_code)])
def test_a_program_is_watched_to_its_end(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ends_with: int, code: int
) -> None:
    csv = tmp_path / "out.csv"
    assert watched(*ends_after_a_row(csv, ends_with), csv=csv) == code
    said = capsys.readouterr().out
    assert re.search(rf"ended after \d+s: exit code {ends_with}", said)
    assert "Verdict: " in said


def test_one_that_fails_at_once_is_a_failure_with_or_without_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = watched("sh", "-c", "exit 3")
    except SubjectError as error:
        code = error.exit_code
    assert code == SubjectError.exit_code
    assert "ended after 0s: exit code 3" in capsys.readouterr().out


def test_one_that_is_not_there_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match="can't be started"):
        watched("no-such-program")


def test_the_time_is_over(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert watched("sleep", "600", duration_seconds=1.0, report=page, fail_on="inconclusive") == 3
    said = capsys.readouterr().out
    assert "Verdict: inconclusive" in said
    assert f"Page: {page}" in said
    assert "</html>" in page.read_text()


def test_an_interrupt_ends_it_and_the_program(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    interrupter = f"import os, signal, time\nos.kill({os.getpid()}, signal.SIGINT)\ntime.sleep(600)"
    assert watched(*python(interrupter)) == 130


def test_a_source_that_cannot_be_read_costs_its_columns(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    absent = tmp_path / "absent.csv"
    assert watched("sleep", "600", duration_seconds=1.0, follow_csv=absent) == 0
    assert "Verdict: " in capsys.readouterr().out


def until_told(csv: Path) -> str:
    """A program that ends once its agent has reported."""
    rows = f"csv.DictReader(open({str(csv)!r}))"
    return f"import csv, time\nwhile not any(row['heap_python_bytes'] for row in {rows}): time.sleep(0.1)"


@pytest.mark.parametrize(("agent", "given"), [("auto", "python go jvm"), ("none", "none")])
def test_a_program_tells_its_heap_by_the_agent_that_it_is_given(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, agent: str, given: str
) -> None:
    csv = tmp_path / "out.csv"
    code = until_told(csv) if given != "none" else "import time; time.sleep(1)"
    assert watched(*python(code), csv=csv, agent=agent) == 0
    assert f"agent={given}\n" in capsys.readouterr().out
    with csv.open() as file:
        told = [row["heap_python_bytes"] for row in DictReader(file)]
    assert any(told) == (given != "none")


@pytest.mark.parametrize(("agent", "said"), [("python", True), ("go", True), ("auto", False), ("none", False)])
def test_an_agent_that_was_asked_for_and_never_reports_is_told(
    capsys: pytest.CaptureFixture[str], agent: str, said: bool
) -> None:
    assert watched("sleep", "600", duration_seconds=1.0, agent=agent) == 0
    before, verdict, _ = capsys.readouterr().out.partition("Verdict: ")
    assert verdict
    assert (f"agent {agent} has never reported: " in before) == said


def test_nothing_is_told_of_an_agent_that_reports(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    csv = tmp_path / "out.csv"
    assert watched(*python(until_told(csv)), csv=csv, agent="python") == 0
    assert "never reported" not in capsys.readouterr().out


# Puts a worker of its own into a session of its own, as daemons do, and leaves it there.
LEAVES_A_WORKER = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        held = b"x" * (64 << 20)
        os.write(1, b"worker %d\\n" % os.getpid())
        time.sleep(600)
    os._exit(0)
os.wait()
"""


def test_a_worker_that_has_left_its_parents_is_counted_and_ended(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    csv = tmp_path / "out.csv"
    assert watched(*ends_after_a_row(csv, 0)[:2], LEAVES_A_WORKER + ends_after_a_row(csv, 0)[2], csv=csv) == 0
    with csv.open(newline="") as stream:
        resident = [int(row["rss_bytes"]) for row in DictReader(stream) if row["rss_bytes"]]
    assert max(resident) > 64 << 20
    said = capfd.readouterr()
    (worker,) = re.findall(r"worker (\d+)", said.err)
    assert not psutil.pid_exists(int(worker))
