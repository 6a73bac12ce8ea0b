"""What following a Job of a thousand cells takes: memory and processor time, beside two others that follow it.

    python benchmarks/following.py [--cells 1000] [--at-once 100] [--seconds 10]

As root, on Linux, with Go. Brings up a control plane, a part of what `make kubernetes-test` does: etcd, the API server,
the controllers, the scheduler. ``exporter matrix --kubernetes`` makes its Job there, and the kubelet is played: every
pod starts, runs for a while and ends with the termination message of a cell; a quarter leaks, one in fifty is tried
again. Beside it follow ``kubectl get pods --watch`` and a script that lists the pods every two seconds with the
official client.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from kubelet import Kubelet, Object
from observer import cpu_seconds

from exporter.analysis.judgement import Interval
from exporter.exit_codes import ExitCode
from exporter.fleet.cells import cells_of, fingerprint
from exporter.fleet.cluster.objects import INDEX_LABEL
from exporter.fleet.plan import Plan, parse_plan
from exporter.fleet.result import Result, encode
from exporter.record.terms import Verdict

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / ".tools" / "kubernetes" / "bin"
PLAN = """
name: many
drivers: [python, go]
scenarios: {{pay: {{}}, again: {{reconnect-cycles: true}}}}
durations: [30m]
repetitions: {repetitions}
kubernetes: {{image: "registry.example/memtest-exporter:1", parallelism: {at_once}}}
"""
COMBINATIONS = 4
LEAKING = 3  # the number of the combination that does
POLLER = """
import time
from kubernetes import client, config
config.load_kube_config()
while True:
    client.CoreV1Api().list_namespaced_pod("default", label_selector="batch.kubernetes.io/job-name")
    time.sleep(2)
"""
MEMORY_GOAL, SHARE_GOAL = 150e6, 0.05


def main() -> int:
    """Run, measure, print; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long a cell runs")
    wanted = parser.parse_args()
    if "NODE" in os.environ:
        return measure(wanted)
    subprocess.run([ROOT / "tests" / "kubernetes" / "build", PROGRAMS], check=True)
    with tempfile.TemporaryDirectory() as directory:
        environment = os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        command = [str(ROOT / "tests" / "kubernetes" / "node"), directory, "", sys.executable, *sys.argv]
        return subprocess.run(command, env=environment).returncode


class Follower:
    """A process, and what it has taken from its start on; ``output`` is what it has printed."""

    def __init__(self, place: Path, name: str, *command: str) -> None:
        self.name = name
        self.peak_bytes = 0.0
        self.processor = self.seconds = 0.0
        self.output = place / f"{name}.txt"
        with self.output.open("w") as output:
            self._process = psutil.Popen(command, cwd=place, stdout=output, stderr=output)
        self._began = time.monotonic()

    def look(self) -> bool:
        """Read what it takes; return whether it still runs."""
        if self._process.poll() is not None:
            return False
        # Of a process that has just ended there is neither peak nor time any more.
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        if peak := re.search(r"VmHWM:\s+(\d+)", status):
            self.peak_bytes = int(peak[1]) * 1024.0
            self.processor = cpu_seconds(self._process)
            self.seconds = time.monotonic() - self._began
        return True

    def end(self) -> int:
        """Have it end, if it has not; return its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        return int(self._process.wait())


def measure(wanted: argparse.Namespace) -> int:
    """Follow the Job in three ways at once, beside the control plane."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        text = PLAN.format(repetitions=wanted.cells // COMBINATIONS, at_once=wanted.at_once)
        (place / "plan.yaml").write_text(text)
        plan = parse_plan(text.encode())
        Kubelet(Path(os.environ["KUBECONFIG"]), ends_of(plan), pods=2 * wanted.at_once, seconds=wanted.seconds)
        ours = Follower(place, "exporter", sys.executable, "-m", "exporter", "matrix", "plan.yaml", "--kubernetes")
        watching = Follower(place, "kubectl", "cluster", "kubectl", "get", "pods", "--watch", "--output=json")
        asking = Follower(place, "poller", sys.executable, "-c", POLLER)
        while ours.look():
            watching.look()
            asking.look()
            time.sleep(0.2)
        for each in (watching, asking):
            each.end()
        return report(ours, [watching, asking], len(cells_of(plan)), ours.end())


def ends_of(plan: Plan) -> Callable[[Object], tuple[int, str]]:
    """How the pod of each cell ends."""
    cells = cells_of(plan)
    mark = fingerprint(cells)
    tried: set[int] = set()

    def end_of(pod: Object) -> tuple[int, str]:
        number = int(pod["metadata"]["labels"][INDEX_LABEL])
        growth = Interval(0.2, -0.8, 1.2)
        code, verdict = ExitCode.NO_LEAK, Verdict.NO_LEAK
        if number % 50 == 7 and number not in tried:
            tried.add(number)
            code = ExitCode.LOAD_FAILED
        elif number % COMBINATIONS == LEAKING:
            code, verdict = ExitCode.LEAK, Verdict.LEAK
        result = Result(
            plan=mark,
            cell=number,
            exit_code=code,
            verdict=verdict,
            reason="the heap grows by 0.2 KiB/min, between -0.8 and 1.2, and the threshold is 100 KiB/min",
            growth_series="heap_allocated_bytes",
            growth_kib_per_min=growth,
            growth_bytes_per={"payments": growth},
            resident_kib_per_min=growth,
            peak_bytes=61 << 20,
            payments=21_480,
            failures=2,
            first_timestamp=pod["metadata"]["creationTimestamp"],
            last_timestamp=pod["metadata"]["creationTimestamp"],
        )
        return code, encode(result).decode()

    return end_of


def report(ours: Follower, others: Sequence[Follower], cells: int, code: int) -> int:
    """Print what each took; return 1 if a goal is missed, or the Job didn't come to its table."""
    said = ours.output.read_text()
    told = len(re.findall(r"^Cell \d+, .*: (?:no leak|leak), ", said, re.MULTILINE))
    print(said[said.find("\nMatrix ") :])
    for each in (ours, *others):
        share = each.processor / each.seconds
        print(
            f"{each.name:<10}{each.peak_bytes / 1e6:>8.0f} MB at most, {each.processor:>6.1f} s of a processor "
            f"in {each.seconds:.0f} s: {share:.1%} of a core"
        )
        if each is not ours:
            memory, processor = each.peak_bytes / ours.peak_bytes, each.processor / ours.processor
            print(f"{'':<10}{memory:>8.1f} times the memory, {processor:>6.1f} times the processor time")
    share = ours.processor / ours.seconds
    print(f"{told} of {cells} cells told, {told / ours.seconds:.1f} a second; exit code {code}")
    print(f"goals: {MEMORY_GOAL / 1e6:.0f} MB and {SHARE_GOAL:.0%} of a core")
    met = ours.peak_bytes <= MEMORY_GOAL and share <= SHARE_GOAL
    return 0 if met and (told, code) == (cells, ExitCode.LEAK) else 1


if __name__ == "__main__":
    sys.exit(main())
