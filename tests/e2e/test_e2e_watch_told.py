"""What programs tell of themselves under ``exporter watch``: a Go program, and the Go and the Rust memory test."""

import functools
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from running_exporter import RunningExporter, Start, read_to_plot, rows_of, value_of, wait_until

pytestmark = pytest.mark.e2e

OFTEN = ("--mem-interval", "500ms")
MIB = 1 << 20
GO_SOURCES = Path(__file__).parents[1] / "fixtures" / "go_subject"
# What `cargo test memory_baseline_test` does on the outside.
RUST_MEMORY_TEST = """
import itertools, os, sys, time
assert sys.argv[1:3] == ["test", "-p"] and "memory_baseline_test" in sys.argv
f = open(os.environ["MEMTEST_CSV_FILE"], "w")
f.write("timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,heap_resident_bytes,payments\\n")
for i in itertools.count():
    f.write(f"t,{i},1,{1000 + i},2,{i}\\n")
    f.flush()
    time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("go") / "subject"
    subprocess.run(["go", "build", "-buildvcs=false", "-o", program, "."], cwd=GO_SOURCES, check=True, timeout=300)
    return program


@pytest.fixture
def go_url(go_program: Path) -> Iterator[tuple[str, int]]:
    """The URL and the process of the running Go program, which records every allocation and keeps little garbage."""
    environment = {**os.environ, "GODEBUG": "memprofilerate=1", "GOGC": "5"}
    with subprocess.Popen([go_program], stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.kill()


@pytest.mark.parametrize(("flag", "page"), [("--pprof", ""), ("--expvar", ""), ("--scrape", "/metrics")])
def test_what_a_go_program_tells_agrees_with_its_memstats(
    start: Start, go_url: tuple[str, int], flag: str, page: str
) -> None:
    url, pid = go_url
    before = memstats(url)
    running = start("watch", *OFTEN, flag, url + page, "--csv", "out.csv", "--pid", str(pid))
    metrics = wait_until(lambda: seen(running, "memtest_heap_bytes"), "a heap on /metrics")
    after = memstats(url)
    heap = value_of(metrics, 'memtest_heap_bytes{driver="subject",heap="go"}')
    assert before["HeapAlloc"] <= heap <= after["HeapAlloc"] or after["NumGC"] > before["NumGC"]
    running.wait_for(r"\n\[.*\n\[")
    running.signal(signal.SIGINT)
    assert running.finish() == 130
    assert all(heap > 0 for _, _, heap in read_to_plot(running))
    assert psutil.pid_exists(pid)


def test_the_heap_of_a_go_program_agrees_with_what_go_tool_pprof_says(
    start: Start, go_url: tuple[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PPROF_TMPDIR", str(tmp_path))
    url, pid = go_url
    running = start("watch", *OFTEN, "--pprof", url, "--pid", str(pid))
    wait_until(lambda: seen(running, "memtest_heap_bytes"), "a heap on /metrics")
    before, seen_at = profiled_bytes(url), time.time()
    # The first reading may have begun before the profile, and the second tells what was allocated since the first.
    for _ in range(3):
        metrics = wait_until(functools.partial(anew, running, seen_at), "a new reading")
        seen_at = value_of(metrics, 'memtest_heap_timestamp_seconds{driver="subject"}')
    heap = value_of(metrics, 'memtest_heap_bytes{driver="subject",heap="go"}')
    after = profiled_bytes(url)
    # A profile holds what the answers that were being written at its moment took, at most a MiB. Garbage is in the heap
    # and not in the profile: a twentieth of what is held, and what there was no time to collect.
    assert before - MIB <= heap <= after + after / 20 + MIB
    running.signal(signal.SIGINT)
    assert running.finish() == 130


def anew(running: RunningExporter, seen_at: float) -> str | None:
    metrics = running.scrape()
    return metrics if value_of(metrics, 'memtest_heap_timestamp_seconds{driver="subject"}') > seen_at else None


def profiled_bytes(url: str) -> int:
    command = ["go", "tool", "pprof", "-top", "-unit", "B", f"{url}/debug/pprof/heap?gc=1"]
    top = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    found = re.search(r"of (\d+)B total", top)
    assert found, top
    return int(found[1])


def memstats(url: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{url}/memstats", timeout=30) as answer:
        figures: dict[str, int] = json.load(answer)
    return figures


def seen(running: RunningExporter, metric: str) -> str | None:
    metrics = running.scrape()
    return metrics if f"{metric}{{" in metrics else None


@pytest.fixture
def documented() -> tuple[str, str]:
    """The commands for the Go and the Rust memory test, as the page about drivers has them."""
    page = (Path(__file__).parents[2] / "docs" / "drivers.md").read_text()
    go, rust = re.findall(r"^    (.*exporter watch .*--follow-csv .*)$", page, re.MULTILINE)
    return go, rust


def test_the_go_memory_test_runs_under_a_watch_as_it_is(
    start: Start, documented: tuple[str, str], go_program: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program, *args = shlex.split(documented[0])
    assert program == "exporter"
    command = args.index("./memtest")
    args[command] = str(go_program)
    args = [arg.replace("localhost:6060", f"127.0.0.1:{port}") for arg in args]
    running = start(args[0], *OFTEN, "--csv", "out.csv", *args[1:], "-pprof-port", str(port))
    last = wait_until(lambda: row_after_payments(running), "payments in the CSV")
    assert int(last["heap_allocated_bytes"]) > int(last["payments"]) * 64 * 1024
    running.signal(signal.SIGINT)
    assert running.finish() == 130


def test_the_rust_memory_test_runs_under_a_watch_as_it_is(
    start: Start, documented: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cargo = tmp_path / "bin" / "cargo"
    cargo.parent.mkdir()
    cargo.write_text(f"#!{sys.executable}\n{RUST_MEMORY_TEST}")
    cargo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{cargo.parent}:{os.environ['PATH']}")
    variable, program, *args = shlex.split(documented[1])
    assert program == "exporter"
    monkeypatch.setenv(*variable.split("="))
    running = start(args[0], *OFTEN, "--csv", "out.csv", *args[1:])
    last = wait_until(lambda: row_after_payments(running), "payments in the CSV")
    assert int(last["heap_native_bytes"]) == int(last["heap_allocated_bytes"]) == 1000 + int(last["payments"])
    running.signal(signal.SIGINT)
    assert running.finish() == 130
    assert "the harness says no leak (its own rule: one line through all samples" in running.output


def row_after_payments(running: RunningExporter) -> dict[str, str] | None:
    return next((row for row in rows_of(running) if int(row["payments"] or 0) > 10), None)


# Writes into a file that a run before has left, says nothing for a while, and its last row as it ends.
LATE_PROGRAM = """
import os, sys, time
f = open(sys.argv[1], "a")
time.sleep(2.5)
f.write("t,2,1,9000,1,77\\n")
f.flush()
os._exit(0)
"""


def test_rows_of_the_run_before_do_not_count_and_the_last_row_of_this_one_does(start: Start, tmp_path: Path) -> None:
    told = tmp_path / "told.csv"
    told.write_text(
        "timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,heap_resident_bytes,payments\nt,1,1,5000,2,66\n"
    )
    running = start(
        *("watch", *OFTEN, "--csv", "out.csv", "--follow-csv", str(told), "--fail-on", "never", "--"),
        *(sys.executable, "-c", LATE_PROGRAM, str(told)),
    )
    running.finish()
    told_of = [(row["payments"], row["heap_allocated_bytes"]) for row in rows_of(running)]
    assert (told_of[0], told_of[-1]) == (("", ""), ("77", "9000"))
    assert {*told_of} == {told_of[0], told_of[-1]}
    assert "probe" not in running.errors


def test_names_cut_inside_a_character_are_published(start: Start, tmp_path: Path) -> None:
    """The kernel keeps 15 bytes of a program's name."""
    program = tmp_path / ("ü" * 10)
    program.symlink_to(shutil.which("sleep") or "")
    watched = ("import subprocess, sys, time; subprocess.Popen([sys.argv[1], '600']); time.sleep(600)", str(program))
    running = start("watch", *OFTEN, "--csv", "out.csv", "--fail-on", "never", "--", sys.executable, "-c", *watched)
    metrics = wait_until(lambda: seen(running, "memtest_descendant_resident_memory_bytes"), "the child on /metrics")
    assert value_of(metrics, "process_start_time_seconds") > 0
    child = next(each for each in running.children() if each.cmdline()[0] == str(program))
    beside = start("watch", *OFTEN, "--pid", str(child.pid), "--fail-on", "never")
    assert 'driver="üü' in wait_until(lambda: seen(beside, "memtest_up"), "the child on /metrics")
    for each in (beside, running):
        each.signal(signal.SIGINT)
        assert each.finish() == 130
        assert "Traceback" not in each.errors


def test_what_is_no_regular_file_is_refused(start: Start, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    running = start("watch", "--follow-csv", str(tmp_path / "fifo"), "--", "sleep", "60")
    assert running.finish() == 2
    assert "fifo', which is not a regular file: name a file on a disk" in running.errors


# Serves a header a byte at a time, and never its end.
DRIPPING_PROGRAM = """
import socket, time
server = socket.create_server(("127.0.0.1", int({port})))
while True:
    connection, _ = server.accept()
    try:
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nX: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.2)
    except OSError:
        pass
"""


@pytest.mark.parametrize("how", ["duration", "signal"])
def test_a_page_that_drips_holds_up_neither_samples_nor_the_end(start: Start, how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.monotonic()
    running = start(
        *("watch", *OFTEN, "--csv", "out.csv", "--scrape", f"http://127.0.0.1:{port}/metrics"),
        *("--duration", "8s" if how == "duration" else "1h", "--fail-on", "never", "--"),
        *(sys.executable, "-c", DRIPPING_PROGRAM.replace("{port}", str(port))),
    )
    if how == "signal":
        wait_until(lambda: len(rows_of(running)) >= 3, "samples")
        began = time.monotonic()
        running.signal(signal.SIGTERM)
    assert running.finish() == (130 if how == "signal" else 0)
    assert time.monotonic() - began < 60
    rows = rows_of(running)
    assert len(rows) >= 3
    assert all(int(row["rss_bytes"]) > 0 for row in rows)
    assert "scrape can't be read" in running.errors
    assert "Traceback" not in running.errors
