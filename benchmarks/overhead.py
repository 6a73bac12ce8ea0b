"""What looking closer costs: the SDK's CPU time and latency per payment by what is traced, and what resting takes.

    python benchmarks/overhead.py [--driver python] [--seconds 30] [--rounds 2]

Runs ``exporter --interval 0s`` with each kind of tracing in turn, several rounds, so that a machine that is busy at
times is busy for all of them. CPU time is that of the SDK's process, its own background work included. The factors
over a run without tracing are what the head of a traced run says (`exporter.settings.profiling`).
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import psutil
from observer import EXPORTER, cpu_seconds

from exporter.settings.drivers import DRIVERS

KINDS: dict[str, list[str]] = {
    "no tracing": [],
    "--pprof": ["--pprof", "--pprof-port", "0"],
    "--heap-dump": ["--heap-dump", "heap.memray.bin"],
    "--allocator jemalloc": ["--allocator", "jemalloc"],
    "--allocator mimalloc": ["--allocator", "mimalloc"],
}
SETTLE_GOAL = 0.02


@dataclass
class Spent:
    """What a while of load took: seconds throughout, of the SDK's process, of its payments, and at rest."""

    payments: float = 0.0
    cpu: float = 0.0
    latency: float = 0.0
    rest: float = 0.0
    wall: float = 0.0
    dumped: int = 0  # bytes

    def add(self, other: "Spent") -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def main() -> int:
    """Run, measure, print; return 1 if settled samples take more of the time than they may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", choices=DRIVERS, default="python")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=2)
    wanted = parser.parse_args()
    spent: dict[str, Spent] = defaultdict(Spent)
    for _ in range(wanted.rounds):
        for kind, arguments in KINDS.items():
            if not {argument.removeprefix("--") for argument in arguments} & {*DRIVERS[wanted.driver].lacks}:
                spent[kind].add(measure(["--driver", wanted.driver, *arguments], wanted.seconds))
    plain = spent["no tracing"]
    print(f"{'':<24}{'payments':>10}{'CPU each':>12}{'':>8}{'latency':>12}{'':>8}{'dumped per payment':>22}")
    for kind, each in spent.items():
        cpu, latency = each.cpu / each.payments, each.latency / each.payments
        factors = cpu / (plain.cpu / plain.payments), latency / (plain.latency / plain.payments)
        print(
            f"{kind:<24}{each.payments:>10.0f}{cpu * 1000:>9.1f} ms{factors[0]:>6.2f} x"
            f"{latency * 1000:>9.0f} ms{factors[1]:>6.2f} x{each.dumped / each.payments / 1024:>18.0f} KiB"
        )
    share = plain.rest / plain.wall
    print(f"at rest for settled samples, at full speed: {share:.2%} of the time, goal < {SETTLE_GOAL:.0%}")
    return 0 if share < SETTLE_GOAL else 1


def measure(arguments: list[str], seconds: int) -> Spent:
    """One run: what is spent from the first payments on until shortly before its end."""
    with tempfile.TemporaryDirectory() as directory:
        command = [str(EXPORTER), "--listen-address", "127.0.0.1:0", "--interval", "0s", "--fail-on", "never"]
        command += ["--duration", "1h", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=directory) as run:
            assert run.stdout is not None
            url = next(found[1] for line in run.stdout if (found := re.search(r"(http://\S+/metrics)", line)))
            pid = next(int(found[1]) for line in run.stdout if (found := re.search(r"^Subject .* (\d+)$", line)))
            subject = psutil.Process(pid)
            next(line for line in run.stdout if line.startswith("Load for"))
            time.sleep(2)
            before = look(url, subject)
            time.sleep(seconds)
            after = look(url, subject)
            after.dumped = sum(path.stat().st_size for path in Path(directory).glob("*.bin"))
            run.terminate()
            run.communicate()
    changes = {name: getattr(after, name) - getattr(before, name) for name in Spent.__dataclass_fields__}
    return Spent(**changes)


def look(url: str, subject: psutil.Process) -> Spent:
    """What has been spent so far."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        text = answer.read().decode()

    def total(name: str) -> float:
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))

    return Spent(
        payments=total("memtest_payments_total"),
        cpu=cpu_seconds(subject),
        latency=total("memtest_payment_duration_seconds_sum"),
        rest=total("memtest_settle_seconds_total"),
        wall=time.monotonic(),
    )


if __name__ == "__main__":
    sys.exit(main())
