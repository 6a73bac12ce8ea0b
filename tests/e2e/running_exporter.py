"""Real runs of the installed command, and what they leave behind."""

import csv
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

T = TypeVar("T")

EXPORTER = Path(sys.executable).with_name("exporter")
LIMIT_SECONDS = 300
# What a run holds at most, the libraries of its verdict included.
MOST_MEMORY = 200 << 20


def wait_until(condition: Callable[[], T | None], what: str, seconds: float = LIMIT_SECONDS) -> T:
    """Return the first true value of ``condition``; fails the test after the limit."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    pytest.fail(f"not within {seconds:g} s: {what}")


def value_of(metrics: str, series: str) -> float:
    """The value of a series on a page of metrics."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", metrics, re.MULTILINE)
    assert found, f"{series} is not among the metrics"
    return float(found[1])


class RunningExporter:
    """A running ``exporter``: what it prints, where it serves, and its children."""

    def __init__(self, args: tuple[str, ...], directory: Path, launcher: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self._errors = (directory / "stderr.txt").open("w")
        self.process = subprocess.Popen(
            [*launcher, EXPORTER, *args],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._output: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._output.extend(self.process.stdout)

    @property
    def output(self) -> str:
        return "".join(self._output)

    @property
    def errors(self) -> str:
        return (self.directory / "stderr.txt").read_text()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the output matches; fails when the process ends without it."""

        def found() -> re.Match[str] | None:
            ended = self.process.poll() is not None
            if ended:
                self._reader.join()
            match = re.search(pattern, self.output)
            if ended and not match:
                pytest.fail(f"ended with {self.process.returncode} before {pattern!r}:\n{self.output}\n{self.errors}")
            return match

        return wait_until(found, f"{pattern!r} in the output")

    @property
    def url(self) -> str:
        return self.wait_for(r"(http://\S+)/metrics")[1]

    def scrape(self) -> str:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=LIMIT_SECONDS) as answer:
            text: str = answer.read().decode()
        return text

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        """Wait for the child whose command line holds ``word``."""

        def found() -> psutil.Process | None:
            return next((child for child in self.children() if word in " ".join(child.cmdline())), None)

        return wait_until(found, f"a child process with {word!r}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def finish(self) -> int:
        """Wait for the end; return the exit code."""
        code = self.process.wait(LIMIT_SECONDS)
        self._reader.join()
        return code

    def peak_memory(self) -> int:
        """Wait for the end; return the most bytes that were resident, its children not counted."""
        most = 0

        def ended() -> bool:
            nonlocal most
            with suppress(OSError):  # it has ended since
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
                most = max(most, int(found[1]) * 1024 if found else 0)
            return self.process.poll() is not None

        wait_until(ended, "the end")
        return most

    def close(self) -> None:
        if self.process.poll() is None:
            for process in [*self.children(), psutil.Process(self.process.pid)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self.process.wait()
        self._reader.join()
        self._errors.close()
        if self.process.stdout is not None:
            self.process.stdout.close()


def rows_of(running: RunningExporter, name: str = "out.csv") -> list[dict[str, str]]:
    """The rows of its CSV so far."""
    path = running.directory / name
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def rows_at_rest(running: RunningExporter, name: str = "out.csv") -> list[dict[str, str]]:
    """The rows so far that were taken with the load at rest, but for those with the allocator trimmed too."""
    return [row for row in rows_of(running, name) if row["settled"] == "1" and row["trimmed"] == "0"]


def growth_at_rest(running: RunningExporter, column: str, name: str = "out.csv") -> int:
    """Of a column at rest, the first two samples left out: they come before and right after the first payments."""
    values = [int(row[column]) for row in rows_at_rest(running, name)[2:]]
    return values[-1] - values[0]


def read_to_plot(running: RunningExporter, name: str = "out.csv") -> list[tuple[float, int, int]]:
    """Minutes, resident and heap bytes of every row, as the plot script of the Go and the Rust memory test has them."""
    rows = rows_of(running, name)
    heap = "heap_alloc_bytes" if "heap_alloc_bytes" in rows[0] else "heap_allocated_bytes"
    return [(float(row["elapsed_sec"]) / 60, int(row["rss_bytes"]), int(row[heap])) for row in rows]


Start = Callable[..., RunningExporter]

PAID = r"Payments=[1-9]"  # in the line of a sample


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start ``exporter`` with these arguments, in a directory of its own; it is ended in any case.

    It serves on a free port, unless it is a command that doesn't serve.
    """
    running: list[RunningExporter] = []

    def begin(*args: str, launcher: tuple[str, ...] = (), serving: bool = True) -> RunningExporter:
        directory = tmp_path / f"run-{len(running)}"
        directory.mkdir()
        address = ("--listen-address", "127.0.0.1:0") if serving else ()
        # Options of a command come after its name.
        command = () if not args or args[0].startswith("-") else args[:1]
        running.append(RunningExporter((*command, *address, *args[len(command) :]), directory, launcher))
        return running[-1]

    yield begin
    for each in running:
        each.close()


def assert_all_gone(processes: list[psutil.Process]) -> None:
    """Fail if one of the processes goes on living."""
    _, alive = psutil.wait_procs(processes, timeout=LIMIT_SECONDS)
    assert alive == []


@pytest.fixture(scope="session")
def promtool() -> str:
    """The path of promtool, which ``make tools`` provides."""
    unpacked = Path(__file__).parents[2] / ".tools" / "usr" / "bin" / "promtool"
    found = shutil.which("promtool") or (str(unpacked) if unpacked.exists() else None)
    if found is None:
        pytest.fail("promtool is missing: make tools")
    return found
