"""Any program under ``exporter watch``: well-behaved ones, and those that do what programs do."""

import csv
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
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
from running_exporter import MOST_MEMORY, RunningExporter, Start, assert_all_gone, read_to_plot, wait_until

from exporter.memory_limit import CGROUPS

pytestmark = pytest.mark.e2e

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
OFTEN = ("--mem-interval", "500ms")
MIB = 1 << 20


def python(code: str) -> tuple[str, ...]:
    return "--", sys.executable, "-c", code


# The end of a program that goes on until it is told to end.
UNTIL_TOLD = "\nimport os, time\nwhile not os.path.exists('end'): time.sleep(0.05)"


def tell_to_end(running: RunningExporter) -> None:
    (running.directory / "end").touch()


def value_of(metrics: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", metrics, re.MULTILINE)
    assert found, f"{series} is not among the metrics"
    return float(found[1])


def rows_of(running: RunningExporter) -> list[dict[str, str]]:
    """The rows so far."""
    path = running.directory / "out.csv"
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


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
    assert all(heap > 0 for _, _, heap in read_to_plot(running.directory / "out.csv"))
    assert psutil.pid_exists(pid)


def test_the_heap_of_a_go_program_agrees_with_what_go_tool_pprof_says(
    start: Start, go_url: tuple[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PPROF_TMPDIR", str(tmp_path))
    url, pid = go_url
    running = start("watch", *OFTEN, "--pprof", url, "--pid", str(pid))
    wait_until(lambda: seen(running, "memtest_heap_bytes"), "a heap on /metrics")
    before, seen_at = profiled_bytes(url), time.time()

    def read_anew() -> str | None:
        metrics = running.scrape()
        return metrics if value_of(metrics, 'memtest_heap_timestamp_seconds{driver="subject"}') > seen_at else None

    metrics = wait_until(read_anew, "a new reading, which may have begun before")
    seen_at = value_of(metrics, 'memtest_heap_timestamp_seconds{driver="subject"}')
    heap = value_of(wait_until(read_anew, "another one"), 'memtest_heap_bytes{driver="subject",heap="go"}')
    after = profiled_bytes(url)
    # Garbage is in the heap and not in the profile: a twentieth of what is held, and what there was no time to collect.
    assert before <= heap <= after + after / 20 + MIB
    running.signal(signal.SIGINT)
    assert running.finish() == 130


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


def test_a_command_is_watched_to_its_end(start: Start) -> None:
    code = "for i in range(20): print('paid', i + 1, flush=True)" + UNTIL_TOLD
    running = start("watch", *OFTEN, "--csv", "out.csv", "--payments-from", r"paid (\d+)", *python(code))
    running.wait_for("Payments=20")
    tell_to_end(running)
    assert running.finish() == 0, running.errors
    assert re.search(r"ended after \d+s: exit code 0", running.output)
    assert "Verdict: inconclusive" in running.output
    assert "paid 20" in running.errors
    assert int(rows_of(running)[-1]["payments"]) == 20


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


def row_after_payments(running: RunningExporter) -> dict[str, str] | None:
    return next((row for row in rows_of(running) if int(row["payments"]) > 10), None)


def test_the_children_of_a_program_count_and_end_with_it(start: Start) -> None:
    child = f"b = bytearray({60 * MIB}); import time; time.sleep(600)"
    code = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {child!r}])\ntime.sleep(600)"
    running = start("watch", *OFTEN, "--csv", "out.csv", *python(code))

    def counted() -> str | None:
        metrics = running.scrape()
        found = re.search(r'memtest_descendant_resident_memory_bytes{driver="\S+",process="python\S*"} (\S+)', metrics)
        return metrics if found and float(found[1]) > 60 * MIB else None

    metrics = wait_until(counted, "the child's memory on /metrics")
    driver = Path(sys.executable).name
    assert value_of(metrics, f'memtest_resident_memory_bytes{{driver="{driver}"}}') > 65 * MIB
    children = running.children()
    wait_until(lambda: int(rows_of(running)[-1]["rss_bytes"]) > 65 * MIB, "the child's memory in the CSV")
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert_all_gone(children)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV"),
        ("import os, time; time.sleep(1.5); os._exit(7)", "exit code 7"),
    ],
)
def test_a_program_that_fails_is_exit_code_4(start: Start, code: str, said: str) -> None:
    running = start("watch", *OFTEN, *python(code))
    assert running.finish() == 4
    assert said in running.output + running.errors
    assert "Traceback" not in running.errors


@pytest.mark.parametrize(("shown", "mebibytes"), [((), 64), (("--quiet",), 1024)])
def test_a_program_that_prints_a_gigabyte_costs_no_memory(start: Start, shown: tuple[str, ...], mebibytes: int) -> None:
    code = f"import os\nblock = b'x' * (1 << 20)\nfor _ in range({mebibytes}): os.write(1, block)\nprint('\\npaid')"
    running = start("watch", *OFTEN, *shown, "--payments-from", "paid", *python(code))
    assert 0 < running.peak_memory() < MOST_MEMORY
    assert running.finish() == 0, running.errors[-1000:]


def test_what_a_program_leaves_behind_ends_with_it(start: Start) -> None:
    code = "import subprocess\nprint('left', subprocess.Popen(['sleep', '600']).pid, flush=True)"
    running = start("watch", *OFTEN, *python(code))
    assert running.finish() == 0, running.errors
    left = re.search(r"left (\d+)", running.errors)
    assert left
    wait_until(lambda: not psutil.pid_exists(int(left[1])), "the end of what was left behind")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_watch_with_all_that_was_started(start: Start, number: int) -> None:
    running = start("watch", *OFTEN, *python("import subprocess\nsubprocess.run(['sleep', '600'])"))
    running.wait_for(r"\[00:00:0")
    running.child("sleep 600")
    children = running.children()
    running.signal(number)
    assert running.finish() == 130, running.errors
    assert "Verdict: " in running.output
    assert_all_gone(children)


def test_a_program_that_ignores_sigterm_is_killed(start: Start) -> None:
    code = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\ntime.sleep(600)"
    )
    running = start("watch", *OFTEN, *python(code))
    wait_until(lambda: "deaf" in running.errors, "the program is deaf")
    running.wait_for(r"\n\[")
    children = running.children()
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert "did not stop on SIGTERM; killing it" in running.errors
    assert_all_gone(children)


def test_a_restart_is_noticed(start: Start, tmp_path: Path) -> None:
    name = f"mt{os.getpid()}"
    program = tmp_path / name
    program.symlink_to("/bin/sleep")
    with ExitStack() as stack:
        first = stack.enter_context(subprocess.Popen([program, "600"]))
        stack.callback(first.kill)
        running = start("watch", *OFTEN, "--csv", "out.csv", "--name", name)
        running.wait_for(f"Watching {name}, process {first.pid}")
        wait_until(lambda: restarts(running) == {"0"}, "a row before it")
        first.kill()
        first.wait()
        second = stack.enter_context(subprocess.Popen([program, "600"]))
        stack.callback(second.kill)
        running.wait_for(f"started anew, process {second.pid}")
        wait_until(lambda: restarts(running) == {"0", "1"}, "a row after it")
    running.wait_for("is gone; waiting")
    assert value_of(running.scrape(), f'memtest_restarts_total{{driver="{name}"}}') == 1
    running.signal(signal.SIGINT)
    assert running.finish() == 130


def restarts(running: RunningExporter) -> set[str]:
    return {row["restarts"] for row in rows_of(running)}


class Group:
    """A control group, or a directory that lists processes as one does where none may be made."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def enter(self, stack: ExitStack, size: int) -> subprocess.Popen[str]:
        """Start a process in the group that holds so much memory; it ends with the stack."""
        code = f"import time\ninput()\nb = bytearray({size})\nprint('ready', flush=True)\ntime.sleep(600)"
        argv = [sys.executable, "-c", code]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.callback(leave, process)
        with (self.directory / "cgroup.procs").open("a") as members:
            members.write(f"{process.pid}\n")
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        return process


def leave(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    for tree in (CGROUPS, CGROUPS / "memory"):
        made = tree / f"memtest-{os.getpid()}"
        # Only root may, and only where the file system of control groups is mounted for writing.
        with suppress(OSError):
            made.mkdir()
            if (made / "memory.stat").exists():
                yield Group(made)
                with suppress(FileNotFoundError):
                    made.rmdir()
                return
            made.rmdir()
    made = tmp_path / "group"
    made.mkdir()
    (made / "cgroup.procs").touch()
    (made / "memory.current").write_text(f"{200 * MIB}\n")
    (made / "memory.stat").write_text(f"anon {150 * MIB}\n")
    yield Group(made)


def test_the_processes_of_a_control_group_count_as_they_come_and_go(start: Start, group: Group) -> None:
    name = group.directory.name

    def figure(metric: str, labels: str = "") -> float | None:
        found = re.search(rf'^{metric}{{driver="{name}"{labels}}} (\S+)$', running.scrape(), re.MULTILINE)
        return float(found[1]) if found else None

    def resident(least: int, most: int) -> bool:
        return least * MIB < (figure("memtest_resident_memory_bytes") or 0) < most * MIB

    with ExitStack() as stack:
        first = group.enter(stack, 60 * MIB)
        running = start("watch", *OFTEN, "--csv", "out.csv", "--cgroup", str(group.directory))
        running.wait_for(f"Watching {name}, process {first.pid}")
        wait_until(lambda: resident(60, 100), "the first process's memory")
        second = group.enter(stack, 80 * MIB)
        wait_until(lambda: resident(140, 200), "the memory of both")
        wait_until(lambda: (figure("memtest_cgroup_memory_bytes", ',part="anon"') or 0) > 140 * MIB, "the group's own")
        wait_until(lambda: any(int(row["rss_bytes"]) > 140 * MIB for row in rows_of(running)), "a row of both")
        leave(first)
        wait_until(lambda: resident(80, 120), "the second process's memory")
        assert figure("memtest_restarts_total") == 0
        leave(second)
        running.wait_for("is gone; waiting")
        third = group.enter(stack, 0)
        running.wait_for(f"started anew, process {third.pid}")
        assert figure("memtest_restarts_total") == 1
        leave(third)
    if group.directory.is_relative_to(CGROUPS):
        group.directory.rmdir()
    else:
        shutil.rmtree(group.directory)
    assert running.finish() == 0, running.errors
    assert "the control group is gone" in running.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "name the program in one way"),
        (("--pid", "999999999"), "there is no process with pid 999999999"),
        (("--name", "no-such-program"), "there is no process with name 'no-such-program'"),
        (("--cgroup", "no-such-group"), "cgroup is 'no-such-group': there is no such control group"),
        (("--", "no-such-program"), "'no-such-program' can't be started"),
        (("--pprof", "localhost:6060", "--", "true"), "pprof is 'localhost:6060': give a URL"),
        (("--payments-from", "(", "--", "true"), "payments-from is '('"),
        (("--map", "x", "--", "true"), "map is 'x': write it like"),
        (("--csv", "a.csv", "--follow-csv", "a.csv", "--", "true"), "name another file for ours"),
    ],
)
def test_a_wrong_setting_is_exit_code_2_and_one_sentence(start: Start, args: tuple[str, ...], said: str) -> None:
    running = start("watch", *args)
    assert running.finish() == 2
    assert said in running.errors
    assert "Traceback" not in running.errors
