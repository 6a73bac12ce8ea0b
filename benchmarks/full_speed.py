"""Payments as fast as they go: what the local network costs beside the SDK, and whether everything stays flat.

    python benchmarks/full_speed.py [--duration 3m] [any option of exporter]

Runs ``exporter --interval 0s`` as a user would, scrapes it once a second, and reads CPU time and memory of its three
processes from outside. The goals are printed beside what was found; those on memory are for ten minutes.
"""

import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import IO
from urllib.request import urlopen

import psutil
from observer import EXPORTER, MIB, SCRAPE_SECONDS, cpu_seconds

DEFAULTS = ["--duration", "3m"]
WARM_UP_SECONDS = 120


@dataclass
class Watched:
    """A process, and what was seen of it since its warm-up."""

    process: psutil.Process
    first_rss: int = 0
    last_rss: int = 0
    first_cpu: float = 0.0
    last_cpu: float = 0.0

    def look(self, *, warm: bool) -> None:
        self.last_rss, self.last_cpu = self.process.memory_info().rss, cpu_seconds(self.process)
        if not warm:
            self.first_rss, self.first_cpu = self.last_rss, self.last_cpu

    @property
    def cpu(self) -> float:
        return self.last_cpu - self.first_cpu

    @property
    def growth_mib(self) -> float:
        return (self.last_rss - self.first_rss) / MIB


def main() -> int:
    """Run, measure, print; return 1 if a goal is missed."""
    arguments = ["--interval", "0s", "--listen-address", "127.0.0.1:0", "--fail-on", "never"]
    with subprocess.Popen(
        [EXPORTER, *arguments, *(sys.argv[1:] or DEFAULTS)], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        url = next(found[1] for line in run.stdout if (found := re.search(r"(http://\S+/metrics)", line)))
        next(line for line in run.stdout if line.startswith("Load for"))
        observer = Watched(psutil.Process(run.pid))
        children = {module_of(child): Watched(child) for child in observer.process.children()}
        network, subject = children["exporter.network"], children["exporter.drivers.breez"]
        report = Report(run.stdout)
        payments, failures, seconds = watch((observer, network, subject), report.load_over, url)
        report.join()
    print(report.text)
    if not payments:
        sys.exit(f"nothing was measured: run for longer than the warm-up of {WARM_UP_SECONDS} s")
    ratio = network.cpu / subject.cpu
    rows = (
        ("payments per second", f"{payments / seconds:.2f}", "", True),
        ("failed payments", f"{failures:.0f}", "0", failures == 0),
        ("CPU of SDK per payment", f"{subject.cpu / payments * 1000:.1f} ms", "", True),
        ("CPU of network per payment", f"{network.cpu / payments * 1000:.1f} ms", "", True),
        ("network : SDK", f"{ratio:.3f}", "≤ 0.25", ratio <= 0.25),
        ("growth of the subject", f"{subject.growth_mib:+.2f} MiB", "≤ 1 MB", subject.growth_mib <= 1),
        ("memory of the network", f"{network.last_rss / 1e6:.1f} MB", "< 150 MB", network.last_rss < 150e6),
        ("memory of the observer", f"{observer.last_rss / 1e6:.1f} MB", "< 60 MB", observer.last_rss < 60e6),
        ("growth of the observer", f"{observer.growth_mib:+.2f} MiB", "≤ 1 MB", observer.growth_mib <= 1),
    )
    for name, figure, goal, met in rows:
        outcome = f"goal {goal:<9} {'met' if met else 'MISSED'}" if goal else ""
        print(f"{name:<28}{figure:>12}   {outcome}")
    return 0 if all(met for *_, met in rows) else 1


def module_of(child: psutil.Process) -> str:
    """The module of ours that a child runs."""
    return next((part for part in child.cmdline() if part.startswith("exporter.")), "")


class Report(threading.Thread):
    """Reads the output to its end: notes when the load is over, and keeps the report."""

    def __init__(self, output: IO[str]) -> None:
        super().__init__(daemon=True)
        self.load_over = threading.Event()
        self.text = ""
        self._output = output
        self.start()

    def run(self) -> None:
        for line in self._output:
            if line.startswith("Phase: stopping"):
                self.load_over.set()
            if self.text or line.startswith("Trend report"):
                self.text += line
        self.load_over.set()


def watch(watched: tuple[Watched, ...], load_over: threading.Event, url: str) -> tuple[float, float, float]:
    """Scrape once a second until the load ends: payments and failures since the warm-up, and its length in seconds."""
    start = first_time = last_time = time.monotonic()
    first = last = (0.0, 0.0)
    while not load_over.is_set():
        warm = time.monotonic() - start > WARM_UP_SECONDS
        last, last_time = counts(url), time.monotonic()
        for each in watched:
            each.look(warm=warm)
        if not warm:
            first, first_time = last, last_time
        time.sleep(SCRAPE_SECONDS)
    return last[0] - first[0], last[1] - first[1], last_time - first_time


def counts(url: str) -> tuple[float, float]:
    """Payments and failures so far."""
    with urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    return total(text, "memtest_payments_total"), total(text, "memtest_payment_failures_total")


def total(text: str, metric: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{metric}{{.*}} (\S+)$", text, re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
