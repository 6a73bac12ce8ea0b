"""A watch that a leak ends: it takes as long as four looks a minute apart, and no longer."""

import sys
from pathlib import Path

import pytest
from running_exporter import Start, assert_all_gone, rows_of

pytestmark = pytest.mark.e2e

LONGEST_SECONDS = 1800

# Keeps ten kilobytes of each of its ten operations a second.
LEAKS = """
import time
kept = []
for number in range(10**9):
    kept.append(bytes([number % 256]) * 10_000)
    print("operations", number, flush=True)
    time.sleep(0.1)
"""


def test_a_leak_ends_the_watch_and_the_program(start: Start) -> None:
    program = ("--payments-from", r"^operations (\d+)$", "--", sys.executable, "-c", LEAKS)
    outputs = ("--csv", "out.csv", "--report", "page.html", "--quiet")
    running = start("watch", "--stop-on", "leak", "--mem-interval", "2s", "--duration", "1h", *outputs, *program)
    running.child("kept.append")
    children = running.children()
    running.process.wait(LONGEST_SECONDS)
    assert running.finish() == 1, running.output + running.errors
    assert_all_gone(children)

    assert "Verdict: leak" in running.output
    assert "the native heap at rest grows by" in running.output
    rows = rows_of(running)
    assert 120 < float(rows[-1]["elapsed_sec"]) < LONGEST_SECONDS
    assert all(len(row) == len(rows[0]) and None not in row.values() for row in rows)
    assert Path(running.directory, "page.html").read_text().rstrip().endswith("</html>")
