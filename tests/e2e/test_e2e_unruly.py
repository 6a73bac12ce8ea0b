"""Drivers that do what programs do: flood their outputs, fork, ignore requests to stop, and die at once."""

import re
import shlex
import signal
import sys
from pathlib import Path

import pytest
from running_exporter import MOST_MEMORY, RunningExporter, Start, assert_all_gone

pytestmark = pytest.mark.e2e

FAKE_DRIVER = Path(__file__).parents[1] / "fixtures" / "fake_driver.py"
LOAD = ("--interval", "0s", "--mem-interval", "1s", "--driver-timeout", "10m")
HELLO = '{"type":"hello","protocol":1,"driver":"short-lived"}'


def begin(start: Start, script: str, duration: str = "1h") -> RunningExporter:
    """Start a run with a driver that is started by a shell script; in it, DRIVER is one that behaves."""
    command = ["sh", "-c", script.replace("DRIVER", shlex.join([sys.executable, str(FAKE_DRIVER)]))]
    return start(*LOAD, "--duration", duration, "--driver-command", shlex.join(command))


@pytest.mark.parametrize(
    "flood",
    [
        "head -c 1G /dev/zero; echo; exec DRIVER",
        f"yes {'x' * 1000} | head -c 256M; echo; exec DRIVER",
        "head -c 1G /dev/zero >&2 & exec DRIVER",
    ],
)
def test_a_driver_that_prints_a_gigabyte_costs_no_memory(start: Start, flood: str) -> None:
    running = begin(start, flood, "3s")
    assert 0 < running.peak_memory() < MOST_MEMORY
    assert running.finish() == 0, running.errors[-1000:]
    assert re.search(r"Payments +[1-9]\d* spark, 0 failed", running.output)


def test_what_a_driver_has_started_ends_with_it(start: Start) -> None:
    running = begin(start, "sleep 600 & exec DRIVER")
    running.wait_for(r"Subject sh: .*, process \d+")
    running.child("sleep 600")
    children = running.children()
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert_all_gone(children)


def test_a_driver_that_ignores_every_request_to_stop_is_killed(start: Start) -> None:
    running = begin(start, "trap '' TERM; DRIVER; sleep 600")
    running.wait_for(r"Subject sh: .*, process \d+")
    children = running.children()
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    for said in ("sh did not stop when asked; terminating it", "sh did not stop on SIGTERM; killing it"):
        assert said in running.errors
    assert_all_gone(children)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (f"echo '{HELLO}'; exit 3", "exit code 3"),
        ("exec DRIVER --crash-after 1", "killed by SIGKILL"),
    ],
)
def test_a_driver_that_dies_in_the_first_second_is_exit_code_4(start: Start, script: str, said: str) -> None:
    running = begin(start, script)
    assert running.finish() == 4
    assert re.search(f"driver 'sh' ended.*: {said}", running.output + running.errors)
    assert "Traceback" not in running.errors
