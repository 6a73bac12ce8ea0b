"""Which heap grows, and whose code: leaks of either side on the real SDK, and what names them."""

import csv
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from running_exporter import (
    EXPORTER,
    RunningExporter,
    Start,
    assert_all_gone,
    growth_at_rest,
    rows_at_rest,
    wait_until,
)

pytestmark = pytest.mark.e2e

KEEPING_DRIVER = Path(__file__).parents[1] / "fixtures" / "keeping_driver.py"
LOAD = ("--interval", "0s", "--mem-interval", "5s", "--settle-min-gap", "0s", "--csv", "out.csv")
ENDLESS = ("--duration", "1h", *LOAD)
ENOUGH_AT_REST = 12  # to say which parts have grown, the warm-up left out
REPEATABLE_BYTES = 64 * 1024


def end_after(run: RunningExporter, at_rest: int = ENOUGH_AT_REST) -> None:
    wait_until(lambda: len(rows_at_rest(run)) >= at_rest or run.process.poll() is not None, "samples at rest")
    end(run)


def end(run: RunningExporter) -> None:
    run.signal(signal.SIGINT)
    assert run.finish() == 130, run.output + run.errors


def test_a_leak_shows_on_the_side_that_it_is_on(start: Start) -> None:
    abandoning = start(*ENDLESS, "--abandon-instances", "--reconnect-every", "4", "--settle-every", "4")
    driver = shlex.join([sys.executable, str(KEEPING_DRIVER)])
    keeping = start(*ENDLESS, "--listener-churn", "--settle-every", "3", "--driver-command", driver)

    end_after(abandoning)
    abandoned = int(re.search(r"(\d+) abandoned instances", abandoning.output)[1])  # type: ignore[index]
    assert abandoned >= 6
    assert growth_at_rest(abandoning, "heap_native_bytes") > 1_000_000
    assert growth_at_rest(abandoning, "fds_socket") >= 3
    assert abs(growth_at_rest(abandoning, "heap_python_bytes")) < REPEATABLE_BYTES

    end_after(keeping)
    assert growth_at_rest(keeping, "heap_python_bytes") > 2 * REPEATABLE_BYTES
    assert abs(growth_at_rest(keeping, "heap_native_bytes")) < growth_at_rest(keeping, "heap_python_bytes") / 2
    # In so few samples the native heap may have grown too: by a connection more, or the last of the warm-up.
    assert re.search(r"Parts +growth on the Python side", keeping.output), keeping.output


def test_heap_dumps_name_what_abandoned_instances_leave_behind(start: Start) -> None:
    dump = "heap.memray.bin"
    run = start(
        *("--duration", "100s", *LOAD, "--heap-dump", dump),
        *("--abandon-instances", "--reconnect-every", "4", "--settle-every", "4"),
    )
    run.wait_for(r"(?s)Heap dump: heap-early\.memray\.bin.+abandoned 2 instances")
    run.signal(signal.SIGUSR1)
    run.wait_for(r"Heap dump: heap-1\.memray\.bin")
    children = run.children()
    end(run)
    assert_all_gone(children)
    assert re.search(r"Profiling: memray .* costs [\d.]+ times the CPU time", run.output)

    # All sites: after few payments what the first ones leave is larger than what two instances do.
    diff = (EXPORTER, "heap", "diff", "--top", "1000", "heap-early.memray.bin", dump)
    found = subprocess.run(diff, cwd=run.directory, capture_output=True, text=True, check=True).stdout
    abandoned = int(re.search(r"(\d+) instances abandoned", found)[1])  # type: ignore[index]
    assert abandoned >= 2
    assert "run_background_tasks" in found
    channels = re.search(r" in \+(\d+) blocks, native\n +new_with_receiver_count<WalletEvent>", found)
    assert channels, found
    assert int(channels[1]) == abandoned
    assert "breez_sdk_spark.py" in found

    draw = (EXPORTER, "heap", "flamegraph", dump, "-o", "flames.html")
    subprocess.run(draw, cwd=run.directory, capture_output=True, text=True, check=True)
    page = (run.directory / "flames.html").read_text()
    assert "run_background_tasks" in page
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?:", page)


@pytest.mark.parametrize(
    ("driver", "tracer", "heap_site", "cpu_site"),
    [
        ("python", "tracemalloc", r"B +[\d.]+% +(breez_sdk_spark|agent)\.", r"agent\.main"),
        ("go", "Go's runtime", r"B +[\d.]+% +main\.\(\*driver\)", r"main\.\(\*driver\)|runtime\._ExternalCode"),
    ],
)
def test_go_reads_profiles_of_a_run(
    start: Start, tmp_path: Path, driver: str, tracer: str, heap_site: str, cpu_site: str
) -> None:
    go = shutil.which("go")
    assert go, "Go is missing: make tools"
    load = ("--duration", "1h", "--interval", "0s", "--mem-interval", "5s", "--driver", driver)
    run = start(*load, "--pprof", "--pprof-port", "0")
    url = run.wait_for(r"Profiles on (\S+)/debug/pprof/")[1]
    run.wait_for(r"Payments=[1-9]")
    assert re.search(rf"Profiling: {tracer} .* costs [\d.]+ times the CPU time", run.output)

    def top(profile: str) -> str:
        command = [go, "tool", "pprof", "-top", "-nodecount", "500", f"{url}/debug/pprof/{profile}"]
        environment = {**os.environ, "PPROF_TMPDIR": str(tmp_path)}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    heap = top("heap")
    assert "Type: inuse_space" in heap
    assert re.search(heap_site, heap), heap
    cpu = top("profile?seconds=2")
    assert "Type: cpu" in cpu
    assert re.search(cpu_site, cpu), cpu
    run.signal(signal.SIGINT)
    assert run.finish() == 130


@pytest.mark.parametrize(
    ("driver", "suffix", "heading", "site"),
    [
        ("go", ".pb.gz", "Go's runtime records", r"blocks, go\n +\w"),
        ("node", ".heapsnapshot", "V8 writes a snapshot", r"blocks, node\n +closure real"),
    ],
)
def test_go_and_node_dump_their_heaps_at_the_same_moments(
    start: Start, driver: str, suffix: str, heading: str, site: str
) -> None:
    run = start("--duration", "2m", *LOAD, "--settle-every", "4", "--driver", driver, "--heap-dump")
    run.wait_for(rf"Heap dump: heap-early\{suffix}")
    run.signal(signal.SIGUSR1)
    run.wait_for(rf"Heap dump: heap-1\{suffix}")
    done = int(re.findall(r"Payments=(\d+)", run.output)[-1])
    # Enough to show what every payment leaves.
    wait_until(lambda: int(re.findall(r"Payments=(\d+)", run.output)[-1]) >= done + 20, "more payments")
    children = run.children()
    end(run)
    assert_all_gone(children)
    assert f"Profiling: {heading}" in run.output
    diff = (EXPORTER, "heap", "diff", f"heap-early{suffix}", f"heap{suffix}")
    found = subprocess.run(diff, cwd=run.directory, capture_output=True, text=True, check=True).stdout
    assert re.search(r"over \d+ s and \d+ payments", found)
    assert re.search(site, found), found


def test_a_run_under_jemalloc_has_its_statistics(start: Start) -> None:
    run = start(*ENDLESS, "--settle-every", "2", "--allocator", "jemalloc")
    end_after(run, at_rest=4)
    with (run.directory / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        native, active, resident = (
            int(row[name]) for name in ("heap_native_bytes", "allocator_active_bytes", "allocator_resident_bytes")
        )
        assert 1_000_000 < native <= active <= resident < int(row["rss_bytes"])
        assert int(row["heap_allocated_bytes"]) == native + int(row["heap_python_bytes"])
