"""SIGKILL for any process of a run, at any moment: no orphan, no sample lost, every death said, nothing left behind.

``KILLS=100`` in the environment has so many done, each at a moment of its own.
"""

import os
import random
import re
import shlex
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from running_exporter import RunningExporter, Start, rows_of, wait_until

from exporter.record.columns import COLUMNS

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("KILLS", "12"))
TAG = "EXPORTER_KILL_TEST"  # in the environment of all that a test starts
LONGEST_START_SECONDS, LONGEST_PAUSE_SECONDS = 6.0, 0.5
FAKE_DRIVER = Path(__file__).parents[1] / "fixtures" / "fake_driver.py"
# What a program starts: a child, a worker in a session of its own, and one whose parents have ended.
STARTS_MORE = "sleep 601 & setsid sleep 602 & setsid sh -c 'sleep 603 & sleep 0.1' & sleep 0.3; "
DRIVER = STARTS_MORE + "exec " + shlex.join([sys.executable, str(FAKE_DRIVER)])
SOAK = ("--driver-command", shlex.join(["sh", "-c", DRIVER]), "--interval", "0s", "--driver-timeout", "10m")
WATCH = ("--", "sh", "-c", STARTS_MORE + "exec sleep 600")
SAMPLED = re.compile(r"^\[.*RSS=.*$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """What is killed, by a word of its command line, what is said then, and how the run ends by itself, if it does."""

    watch: bool
    victim: str
    said: str = ""
    code: int | None = None
    early: bool = False  # while it comes up


CASES = (
    Case(False, "observer"),
    Case(True, "observer"),
    Case(False, "exporter.network", "the local network ended.*killed by SIGKILL", 5),
    Case(False, "fake_driver.py", "driver 'sh' ended.*killed by SIGKILL", 4),
    Case(False, "exporter.analysis.online", "the process of the live verdict ended: killed by SIGKILL"),
    Case(False, "watchdog.py", "the watchdog ended: killed by SIGKILL"),
    Case(False, "sleep 602"),
    Case(True, "sleep 600", "ended after .*killed by SIGKILL", 4),
    Case(True, "exporter.analysis.online", "the process of the live verdict ended: killed by SIGKILL"),
    Case(True, "watchdog.py", "the watchdog ended: killed by SIGKILL"),
    Case(True, "sleep 603"),
    Case(False, "observer", early=True),
)


def tagged(tag: str) -> list[psutil.Process]:
    """Every process that lives and was started by the test."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(TAG) == tag and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def victim_of(running: RunningExporter, case: Case) -> psutil.Process:
    return psutil.Process(running.process.pid) if case.victim == "observer" else running.child(case.victim)


def wait_for_the_moment(running: RunningExporter, case: Case, dice: random.Random) -> None:
    """Wait until the run is under way, and then a little."""
    if case.early:
        time.sleep(dice.uniform(0, LONGEST_START_SECONDS))
    else:
        wait_until(lambda: len(rows_of(running)) > 1, "rows")
        time.sleep(dice.uniform(0, LONGEST_PAUSE_SECONDS))


def assert_no_sample_is_lost(running: RunningExporter) -> None:
    """Every sample that was shown is a row, and every row is whole, but for the one being written."""
    path = running.directory / "out.csv"
    text = path.read_text() if path.exists() else ""
    whole = text[: text.rfind("\n") + 1].splitlines()[1:]
    assert len(whole) >= len(SAMPLED.findall(running.output))
    assert {row.count(",") for row in whole} <= {len(COLUMNS) - 1}


@pytest.mark.parametrize("number", range(KILLS))
def test_a_kill_leaves_nothing_behind(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    case, dice = CASES[number % len(CASES)], random.Random(number)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv(TAG, str(tmp_path))
    both = ("--duration", "1h", "--mem-interval", "200ms", "--csv", "out.csv")
    running = start("watch", *both, *WATCH) if case.watch else start("run", *both, *SOAK)
    wait_for_the_moment(running, case, dice)
    victim_of(running, case).kill()

    if case.said:
        wait_until(lambda: re.search(case.said, running.output + running.errors), case.said)
    if case.code is None and case.victim != "observer":
        rows = len(rows_of(running))
        wait_until(lambda: len(rows_of(running)) > rows, "further rows")
        running.signal(signal.SIGINT)
    assert running.finish() == (-signal.SIGKILL if case.victim == "observer" else case.code or 130), running.errors
    assert "Traceback" not in running.errors
    wait_until(lambda: not tagged(str(tmp_path)), "the end of all that was started")
    assert_no_sample_is_lost(running)

    after = start("watch", "--", "true")
    after.finish()
    assert list(temporary.iterdir()) == []
    assert tagged(str(tmp_path)) == []
