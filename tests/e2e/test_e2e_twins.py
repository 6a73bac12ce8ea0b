"""Twins: a subject that leaks on purpose and one that doesn't, under the same load, told apart by whole runs."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from running_exporter import EXPORTER, RunningExporter

pytestmark = pytest.mark.e2e

FAKE_DRIVER = Path(__file__).parents[1] / "fixtures" / "fake_driver.py"
LOAD = ("--interval", "20ms", "--mem-interval", "2s", "--settle-min-gap", "1s")
LONG = ("--duration", "130s")
# Too short for a trend at rest.
IN_PHASES = ("--duration", "60s", "--protocol", "doubling")
# By name: what each run is started with.
RUNS = {
    f"{twin}, {length}": (*options, "--driver-command", shlex.join([sys.executable, str(FAKE_DRIVER), *driver_options]))
    for length, options in (("long", LONG), ("in phases", IN_PHASES))
    for twin, driver_options in (
        ("leaking", ("--leak-bytes-per-payment", "1024")),
        ("clean", ("--warm-up-bytes", "4000000")),
    )
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RunningExporter]]:
    """All at once, as they do little but wait."""
    begun: dict[str, RunningExporter] = {}
    with ExitStack() as cleanup:
        for name, options in RUNS.items():
            arguments = ("--listen-address", "127.0.0.1:0", *LOAD, "--csv", "out.csv", *options)
            begun[name] = RunningExporter(arguments, tmp_path_factory.mktemp("run"))
            cleanup.callback(begun[name].close)
        yield begun


def assert_the_csv_says_the_same(run: RunningExporter) -> None:
    """Fail unless the verdict that the run printed can be had from its CSV alone."""
    verdict = run.output[run.output.index("Verdict: ") :]
    analyzed = subprocess.run([EXPORTER, "analyze", "out.csv"], cwd=run.directory, capture_output=True, text=True)
    assert analyzed.stdout.startswith("out.csv: ")
    assert verdict.startswith(analyzed.stdout.replace("out.csv", "Verdict", 1))
    assert analyzed.returncode == run.process.returncode


def test_the_leaking_twin_is_a_leak_and_the_clean_one_is_not(runs: dict[str, RunningExporter]) -> None:
    leaking, clean = runs["leaking, long"], runs["clean, long"]

    assert leaking.finish() == 1, leaking.output + leaking.errors
    assert clean.finish() == 0, clean.output + clean.errors
    assert "Verdict: leak" in leaking.output
    assert "Verdict: no leak" in clean.output

    for run in (leaking, clean):
        assert re.search(r"after trimming +[\d.]+ MiB returned, [\d.]+ MiB held, [\d.]+ MiB more than", run.output)
        assert_the_csv_says_the_same(run)


def test_the_doubling_protocol_tells_a_cache_that_fills_early_from_a_leak(runs: dict[str, RunningExporter]) -> None:
    leaking, clean = runs["leaking, in phases"], runs["clean, in phases"]

    assert leaking.finish() == 1, leaking.output + leaking.errors
    assert clean.finish() == 0, clean.output + clean.errors
    assert re.search(r"Verdict: leak\n .*: it goes on\n", leaking.output)
    assert "what was added once is not added again" in clean.output

    for run in (leaking, clean):
        assert all(f"Phase: running, phase {number} of 3" in run.output for number in (1, 2, 3))
        assert_the_csv_says_the_same(run)
