"""What a cell takes beside its subject: memory, and time from its start to its first payment.

    python benchmarks/cell.py [--rounds 5] [--seconds 90]

Runs a cell as its container does. Memory is what each process has for itself, and the pages of files that they have
mapped, each page once, and none that the subject has too (``smaps``, proc(5)). Resident sizes added up would count
Python's library five times. The time is set against the SDK without anything of ours, on a network that is there, with
two wallets connected and funded and one payment made (`sdk_alone.py`). Medians, with the goals. A busy machine prolongs
the time, and hardly the processor's.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from statistics import median

import psutil
from observer import cpu_seconds
from sdk_alone import seconds_to_a_payment

PLAN = """
name: cell
drivers: [python]
scenarios: {pay: {}}
durations: [1h]
options: {interval: 500ms}
kubernetes: {linger: 0s}
"""
SCRIPT = (
    "import sys; from pathlib import Path; from exporter.fleet.cluster.cell import run_cell; "
    "from exporter.fleet.plan import read_plan; here = Path(sys.argv[1]); "
    "sys.exit(run_cell(read_plan(here / 'plan.yaml'), 0, here / 'matrix', here / 'told'))"
)
SUBJECT = "exporter.drivers.breez"
PARTS = {
    "run_cell": "cell, which tells the result",
    "watchdog.py": "watchdog",
    "exporter.network": "local network",
    "exporter.analysis.online": "live verdict",
    "-m exporter run": "observer",
}
FILES = "files that they have mapped"
MEMORY_GOAL, START_GOAL = 130e6, 5.0


def main() -> int:
    """Run, measure, print; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5, help="starts that are measured")
    parser.add_argument("--seconds", type=float, default=90.0, help="of load until memory is read, 60 for a verdict")
    wanted = parser.parse_args()
    starts, alone = [], []
    memory: dict[str, float] = {}
    for number in range(wanted.rounds):
        last = number == wanted.rounds - 1
        start, memory = run(wanted.seconds if last else 0.0)
        starts.append(start)
        alone.append(seconds_to_a_payment())
    for name, size in sorted(memory.items(), key=lambda pair: -pair[1]):
        print(f"  {name:<32}{size / 1e6:>8.1f} MB")
    own = sum(memory.values()) - memory[FILES]
    met = own <= MEMORY_GOAL
    print(f"memory of a cell beside its subject: {own / 1e6:.0f} MB, goal {MEMORY_GOAL / 1e6:.0f} MB")
    print(f"with the files, which all cells of a machine share: {(own + memory[FILES]) / 1e6:.0f} MB")
    for what, position in (("", 0), (", of a processor", 1)):
        cell, sdk = ([each[position] for each in measured] for measured in (starts, alone))
        print(
            f"start to first payment{what}: {shown(cell)}; the SDK alone: {shown(sdk)}; "
            f"ratio {median(cell) / median(sdk):.1f}"
        )
    print(f"goal {START_GOAL:g} s; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0 if met and median(took for took, _ in starts) <= START_GOAL else 1


def run(seconds: float) -> tuple[tuple[float, float], dict[str, float]]:
    """Start a cell, let it pay for a while after its first payment, end it.

    Returns the time until then, and that of a processor, in seconds; and memory by process.
    """
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "plan.yaml").write_text(PLAN)
        began = time.monotonic()
        command = [sys.executable, "-P", "-c", SCRIPT, directory]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cell:
            assert cell.stdout is not None
            port = next(found[1] for line in cell.stdout if (found := re.search(r"http://\S+:(\d+)/metrics", line)))
            next(line for line in cell.stdout if line.startswith("Load for"))
            while not payments(port):
                time.sleep(0.02)
            took, whole = time.monotonic() - began, psutil.Process(cell.pid)
            processor = sum(cpu_seconds(each) for each in (whole, *whole.children(recursive=True)))
            time.sleep(seconds)
            memory = memory_beside_subject(whole)
            cell.terminate()
            cell.communicate()
    return (took, processor), memory


def payments(port: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        found = re.search(r"^memtest_payments_total(?:{[^}]*})? (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def memory_beside_subject(cell: psutil.Process) -> dict[str, float]:
    """Bytes of each process of a cell but the subject; and of files that they have mapped and the subject hasn't."""
    found: dict[str, float] = {}
    files: dict[str, float] = defaultdict(float)
    subjects: dict[str, float] = {}
    for process in (cell, *cell.children(recursive=True)):
        command = " ".join(process.cmdline())
        own, mapped = read_smaps(process.pid)
        if SUBJECT in command:
            subjects = mapped
            continue
        found[name_of(command)] = own
        for place, size in mapped.items():
            files[place] = max(files[place], size)
    beside = sum(max(size - subjects.get(place, 0.0), 0.0) for place, size in files.items())
    return found | {FILES: beside}


def shown(seconds: list[float]) -> str:
    return f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


def name_of(command: str) -> str:
    """What a process of a cell does, by its command."""
    return next((name for part, name in PARTS.items() if part in command), command)


def read_smaps(pid: int) -> tuple[float, dict[str, float]]:
    """Bytes that are a process's own, and those of each mapping of a file that are the file's."""
    own, place = 0.0, ""
    mapped: dict[str, float] = {}
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if head := re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ (\S+) \S+ \d+ *(.*)", line):
            place = f"{head[2]}+{head[1]}"
        elif found := re.match(r"(Rss|Anonymous): +(\d+) kB", line):
            size = int(found[2]) * 1024.0
            if found[1] == "Rss":
                resident = size
            else:
                own += size
                mapped[place] = mapped.get(place, 0.0) + resident - size
    return own, mapped


if __name__ == "__main__":
    sys.exit(main())
