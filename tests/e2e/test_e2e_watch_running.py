"""Programs under ``exporter watch`` that run already: one by its name, and those of a control group."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from running_exporter import RunningExporter, Start, rows_of, value_of, wait_until

from exporter.record.memory_limit import CGROUPS

pytestmark = pytest.mark.e2e

OFTEN = ("--mem-interval", "500ms")
MIB = 1 << 20


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
        wait_until(
            lambda: any(int(row["rss_bytes"]) > 140 * MIB for row in rows_of(running)),
            "a row of both",
        )
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
