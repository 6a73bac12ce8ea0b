"""A matrix of the real SDK on this machine: twins told apart, resumed, and ended when told to."""

import re
import signal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from running_exporter import PAID, RunningExporter, Start, assert_all_gone, wait_until

pytestmark = pytest.mark.e2e

TWINS = """
name: twins
drivers: [python]
scenarios:
  abandoning: {abandon-instances: true}
  reconnecting: {reconnect-cycles: true}
durations: [70s]
options: {interval: 500ms, mem-interval: 2s, reconnect-every: 2, settle-every: 2, settle-min-gap: 1s}
"""


def begin(start: Start, tmp_path: Path, plan: str, *options: str) -> RunningExporter:
    path = tmp_path / "plan.yaml"
    path.write_text(plan)
    out = ("--output", str(tmp_path / "matrix"))
    return start("matrix", str(path), *out, *options, serving=False)


def table_of(running: RunningExporter) -> str:
    return running.output[running.output.index("Matrix twins") :]


def test_the_leaking_cell_is_told_from_the_clean_one_and_neither_is_run_twice(start: Start, tmp_path: Path) -> None:
    running = begin(start, tmp_path, TWINS, "--jobs", "2", "--junit", "junit.xml")
    assert running.finish() == 1, running.output + running.errors
    assert re.search(r"python +abandoning +70s +leak +1 leak +\+[\d,]+", running.output)
    assert re.search(r"python +reconnecting +70s +(no leak|inconclusive) ", running.output)
    assert re.search(r"Leaks under abandoning|All that could be judged leak", running.output)
    for number in ("0", "1"):
        files = {path.name for path in (tmp_path / "matrix" / "cells" / number).iterdir()}
        assert files == {"out.csv", "log.txt", "report.html", "verdict.json", "result.json"}
    assert "python abandoning 70s #1" in (tmp_path / "matrix" / "report.html").read_text()
    assert ElementTree.parse(running.directory / "junit.xml").getroot().attrib["failures"] == "1"

    again = begin(start, tmp_path, TWINS)
    assert again.finish() == 1
    assert ": started" not in again.output
    assert table_of(again) == table_of(running)


def test_an_interrupted_matrix_leaves_no_process_and_goes_on_later(start: Start, tmp_path: Path) -> None:
    plan = TWINS.replace("70s", "1h")
    running = begin(start, tmp_path, plan, "--jobs", "1")
    log = tmp_path / "matrix" / "cells" / "0" / "log.txt"
    wait_until(lambda: log.exists() and re.search(PAID, log.read_text()), "payments of the first cell")
    children = running.children()
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert_all_gone(children)
    assert "1 interrupted" in running.output
    assert "1 not run" in running.output

    again = begin(start, tmp_path, plan, "--jobs", "1")
    again.wait_for("Cell 0, python abandoning 1h #1: started")
    again.signal(signal.SIGTERM)
    assert again.finish() == 130
