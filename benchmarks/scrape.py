"""A scrape of ours beside one of process-exporter, watching the same process: CPU, latency, and memory kept.

    python benchmarks/scrape.py [--scrapes 100] [--rounds 5] [--flat 100000]

Needs Debian's ``prometheus-process-exporter``. Both are scraped as Prometheus does it, on a connection that is kept,
compressed, in turns and not closer together than our exporter shares its renderings. CPU time is the kernel's, in
nanoseconds, for all threads; what an exporter uses while nobody scrapes it is taken off. With ``--flat`` so many
scrapes follow as fast as they go, and resident memory is compared. Returns 1 if a goal is missed.
"""

import argparse
import asyncio
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import BinaryIO

import psutil

from exporter.publish.server import Server
from exporter.record.state import Histogram, LoadCounters, RunState, SubjectState
from exporter.record.terms import Phase

THEIRS = "prometheus-process-exporter"
MIB = 1024 * 1024
SPACING_SECONDS = 0.11
BATCH = 20
MOST_CPU_MS = 2.0
MOST_GROWTH_MIB = 1.0
HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Accept-Encoding": "gzip",
}
MARK = "scrape-benchmark-subject"
SUBJECT = "import sys; ballast = bytearray(b'x') * (64 << 20); sys.stdin.read()"


@dataclass
class Target:
    """An exporter under measurement; ``cpu_ms`` has one figure a round, ``latency_ms`` one a scrape."""

    name: str
    process: psutil.Process
    port: int
    cpu_ms: list[float] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)

    def measure(self, scrapes: int) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        scrape(connection)
        started, before = time.monotonic(), cpu_ms(self.process)
        for _ in range(scrapes):
            begun = time.perf_counter()
            scrape(connection)
            self.latency_ms.append((time.perf_counter() - begun) * 1000)
            time.sleep(SPACING_SECONDS)
        seconds, used = time.monotonic() - started, cpu_ms(self.process) - before
        connection.close()
        before = cpu_ms(self.process)
        time.sleep(seconds / 2)
        self.cpu_ms.append((used - 2 * (cpu_ms(self.process) - before)) / scrapes)


def scrape(connection: HTTPConnection) -> None:
    connection.request("GET", "/metrics", headers=HEADERS)
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, body
    assert body


def cpu_ms(process: psutil.Process) -> float:
    """Milliseconds of CPU time of all threads; finer than the clock ticks of /proc/PID/stat."""
    tasks = Path(f"/proc/{process.pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e6


async def serve(pid: int) -> None:
    """Be our exporter, with a run as it is in the middle of a soak."""
    rails = ("spark", "lightning")
    load = LoadCounters(
        payments=Counter(dict.fromkeys(rails, 12345)),
        failures=Counter(dict.fromkeys(rails, 1)),
        latency_seconds={rail: Histogram() for rail in rails},
        sdk_events=Counter(dict.fromkeys(("synced", "payment_succeeded", "payment_pending", "payment_failed"), 99)),
        balances_sats={"alice": 48_000, "bob": 52_000},
    )
    heaps = {"python": 3_000_000, "native": 7_000_000, "mmap": 0}
    subject = SubjectState(
        "python", "breez-sdk-spark", "0.27.2", "python", pid, Phase.RUNNING, load=load, heap_bytes=heaps
    )
    now = datetime.now(UTC)
    run = RunState("benchmark", {"interval": "5s"}, now, 3600.0, {"python": subject}, load_started_at=now)
    async with Server(run, "127.0.0.1:0") as server:
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def ours(pid: int) -> Iterator[Target]:
    argv = [sys.executable, __file__, "--serve", str(pid)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        try:
            yield Target("memtest-exporter", psutil.Process(process.pid), port)
        finally:
            process.kill()


@contextmanager
def theirs(folder: Path, port: int) -> Iterator[Target]:
    config = folder / "process-exporter.yml"
    config.write_text(f"process_names: [{{name: subject, cmdline: ['{MARK}']}}]\n")
    argv = [THEIRS, "-config.path", str(config), "-web.listen-address", f"127.0.0.1:{port}"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield Target("process-exporter", psutil.Process(process.pid), port)
        finally:
            process.kill()


def wait_for(port: int) -> None:
    limit = time.monotonic() + 30
    while True:
        try:
            return scrape(HTTPConnection("127.0.0.1", port, timeout=5))
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)


def growth_mib(target: Target, scrapes: int) -> float:
    """Return by how much resident memory grows over so many scrapes, after a tenth of them as a warm-up."""
    scrape_in_a_row(target.port, scrapes // 10)
    before = target.process.memory_info().rss
    scrape_in_a_row(target.port, scrapes)
    return (target.process.memory_info().rss - before) / MIB


def scrape_in_a_row(port: int, scrapes: int) -> None:
    """Scrape as fast as it goes: requests are sent in batches, before the answers to them have come."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    request = f"GET /metrics HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), 30) as connection, connection.makefile("rb") as answers:
        for first in range(0, scrapes, BATCH):
            batch = min(BATCH, scrapes - first)
            connection.sendall(request * batch)
            for _ in range(batch):
                take_answer(answers)


def take_answer(answers: BinaryIO) -> None:
    status, length = answers.readline(), 0
    assert b" 200 " in status, status
    while line := answers.readline().strip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    answers.read(length)


def report(mine: Target, other: Target) -> bool:
    """Print both and their ratios; return whether the goals are met."""
    print(f"{'':18}{'CPU per scrape':>18}{'latency, median':>18}{'95 % within':>14}")
    for target in (mine, other):
        cpu, latency = statistics.median(target.cpu_ms), statistics.median(target.latency_ms)
        slow = statistics.quantiles(target.latency_ms, n=20)[-1]
        print(f"{target.name:18}{cpu:15.2f} ms{latency:15.2f} ms{slow:11.2f} ms")
    cpu_ratio = statistics.median(a / b for a, b in zip(mine.cpu_ms, other.cpu_ms, strict=True))
    latency_ratio = statistics.median(mine.latency_ms) / statistics.median(other.latency_ms)
    print(f"{'ratio':18}{cpu_ratio:18.2f}{latency_ratio:18.2f}")
    cpu = statistics.median(mine.cpu_ms)
    print(f"goals: CPU per scrape under {MOST_CPU_MS} ms, both ratios under 1")
    return cpu < MOST_CPU_MS and cpu_ratio < 1 and latency_ratio < 1


def main() -> int:
    """Measure in turns, print, return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scrapes", type=int, default=100, help="in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--flat", type=int, default=100_000, help="scrapes over which memory is compared")
    parser.add_argument("--port", type=int, default=19256, help="for process-exporter")
    parser.add_argument("--serve", type=int, metavar="PID", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve))
        return 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subject = stack.enter_context(subprocess.Popen([sys.executable, "-c", SUBJECT, MARK], stdin=subprocess.PIPE))
        stack.callback(subject.kill)
        mine = stack.enter_context(ours(subject.pid))
        other = stack.enter_context(theirs(folder, options.port))
        for _ in range(options.rounds):
            mine.measure(options.scrapes)
            other.measure(options.scrapes)
        met = report(mine, other)
        grown = growth_mib(mine, options.flat)
        print(f"{mine.name} grew by {grown:+.2f} MiB over {options.flat} scrapes (goal: under {MOST_GROWTH_MIB} MiB)")
    return 0 if met and grown < MOST_GROWTH_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
