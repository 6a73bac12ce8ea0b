"""Twins: a subject that leaks on purpose and one that doesn't, under the same load, told apart by whole runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from running_exporter import EXPORTER, RunningExporter, Start

pytestmark = pytest.mark.e2e

FAKE_DRIVER = Path(__file__).parents[1] / "fixtures" / "fake_driver.py"
LOAD = ("--duration", "130s", "--interval", "20ms", "--mem-interval", "2s", "--settle-min-gap", "1s")


def begin(start: Start, *options: str) -> RunningExporter:
    command = shlex.join([sys.executable, str(FAKE_DRIVER), *options])
    return start(*LOAD, "--csv", "out.csv", "--driver-command", command)


def test_the_leaking_twin_is_a_leak_and_the_clean_one_is_not(start: Start) -> None:
    leaking = begin(start, "--leak-bytes-per-payment", "1024")
    clean = begin(start, "--warm-up-bytes", "4000000")

    assert leaking.finish() == 1, leaking.output + leaking.errors
    assert clean.finish() == 0, clean.output + clean.errors
    assert "Verdict: leak" in leaking.output
    assert "Verdict: no leak" in clean.output

    for run in (leaking, clean):
        assert re.search(r"after trimming  [\d.]+ MiB returned, [\d.]+ MiB held, [\d.]+ MiB more than", run.output)
        verdict = run.output[run.output.index("Verdict: ") :]
        analyzed = subprocess.run([EXPORTER, "analyze", "out.csv"], cwd=run.directory, capture_output=True, text=True)
        assert analyzed.stdout.startswith("out.csv: ")
        assert verdict.startswith(analyzed.stdout.replace("out.csv", "Verdict", 1))
        assert analyzed.returncode == run.process.returncode
