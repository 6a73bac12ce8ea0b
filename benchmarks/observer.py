"""What the observer costs while it measures: CPU share, CPU per scrape, resident memory and its growth.

    python benchmarks/observer.py [--duration 3m] [any option of exporter]

Runs ``exporter`` as a user would, scrapes it once a second, and reads its CPU time and memory from outside. CPU per
scrape is the difference that scrapes make which are too far apart to share a rendering. The goals are printed beside
what was found.
"""

import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

import psutil
import requests

from exporter.publish.exposition import SHARED_SECONDS

EXPORTER = Path(sys.executable).with_name("exporter")
DEFAULTS = ["--duration", "3m"]
WARM_UP_SECONDS = 30
SCRAPES = 100
APART_SECONDS = 2 * SHARED_SECONDS
SESSION = requests.Session()  # as Prometheus does it: on a connection that is kept, compressed
SCRAPE_SECONDS = 1.0
MIB = 1024 * 1024
_ADDRESS = re.compile(r"(http://\S+/metrics)")


def main() -> int:
    """Run, measure, print; return 1 if a goal is missed."""
    arguments = ["--listen-address", "127.0.0.1:0", "--fail-on", "never", *(sys.argv[1:] or DEFAULTS)]
    with subprocess.Popen([EXPORTER, *arguments], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        url = next(match[1] for line in run.stdout if (match := _ADDRESS.search(line)))
        next(text for text in run.stdout if text.startswith("Load for"))
        load_over = threading.Event()
        reader = threading.Thread(target=read_to_the_end, args=(run.stdout, load_over), daemon=True)
        reader.start()
        observer = psutil.Process(run.pid)
        scrape_for(url, WARM_UP_SECONDS)
        per_scrape = cpu_of_a_scrape(observer, url)
        share, first, last = watch(observer, load_over, url)
        reader.join()
    rows = (
        ("CPU share of one core", f"{share:.2%}", "< 1 %", share < 0.01),
        ("CPU per scrape", f"{per_scrape * 1000:.2f} ms", "< 2 ms", per_scrape < 0.002),
        ("resident memory", f"{last / MIB:.1f} MiB", "< 60 MB", last < 60e6),
        ("its growth", f"{(last - first) / MIB:+.2f} MiB", "< 1 MiB", last - first < MIB),
    )
    for name, found, goal, met in rows:
        print(f"{name:<24}{found:>12}   goal {goal:<8} {'met' if met else 'MISSED'}")
    return 0 if all(met for *_, met in rows) else 1


def read_to_the_end(output: TextIO, load_over: threading.Event) -> None:
    for line in output:
        if line.startswith("Phase: stopping"):
            load_over.set()
    load_over.set()


def scrape_for(url: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        scrape(url)
        time.sleep(SCRAPE_SECONDS)


def scrape(url: str) -> None:
    SESSION.get(url, timeout=10).raise_for_status()


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def cpu_of_a_scrape(observer: psutil.Process, url: str) -> float:
    """CPU seconds of one scrape, with what the observer does besides in the same time taken off."""
    start, before = time.monotonic(), cpu_seconds(observer)
    for _ in range(SCRAPES):
        scrape(url)
        time.sleep(APART_SECONDS)
    busy, used = time.monotonic() - start, cpu_seconds(observer) - before
    before = cpu_seconds(observer)
    time.sleep(busy)
    idle = cpu_seconds(observer) - before
    return (used - idle) / SCRAPES


def watch(observer: psutil.Process, load_over: threading.Event, url: str) -> tuple[float, int, int]:
    """Scrape once a second until the load ends: CPU share, resident bytes at first and at last."""
    start, before = time.monotonic(), cpu_seconds(observer)
    first = last = observer.memory_info().rss
    share = 0.0
    while not load_over.is_set():
        last = observer.memory_info().rss
        share = (cpu_seconds(observer) - before) / (time.monotonic() - start)
        scrape(url)
        time.sleep(SCRAPE_SECONDS)
    return share, first, last


if __name__ == "__main__":
    sys.exit(main())
