"""Measures the verdict on the real SDK: short clean runs, and short runs that leak, some of each in parallel.

    python benchmarks/real_sdk.py DIRECTORY [--runs 20] [--parallel 4] [--duration 10m] [--interval 500ms]

Makes so many clean and so many leaking runs, their CSVs and reports in DIRECTORY, and prints what each is called by the
rule as it is now. A run whose CSV is there already is judged and not made again, so that a changed rule can be tried.
"""

import argparse
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from exporter.analysis.judgement import Judgement
from exporter.analysis.series import read_csv
from exporter.analysis.verdict import judge

EXPORTER = Path(sys.executable).with_name("exporter")
DRIVER = Path(__file__).with_name("leaking_driver.py")
CLEAN = {
    "plain payments": (),
    "reconnects": ("--reconnect-cycles", "--reconnect-every", "20"),
}
LEAKING = {
    "abandoned instances": ("--abandon-instances", "--reconnect-every", "20"),
    "256 bytes per payment kept in Python": (
        "--driver-command",
        shlex.join([sys.executable, str(DRIVER), "python", "256"]),
    ),
    "1 KiB per payment malloc'ed": ("--driver-command", shlex.join([sys.executable, str(DRIVER), "malloc", "1024"])),
}


def main() -> None:
    """Make the runs that are missing, judge all, print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--runs", type=int, default=20, help="clean ones, and as many that leak")
    parser.add_argument("--parallel", type=int, default=4, help="at the same time")
    parser.add_argument("--duration", default="10m")
    parser.add_argument("--interval", default="500ms")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    load = ("--duration", options.duration, "--interval", options.interval)
    planned = plan(options.runs)
    with ThreadPoolExecutor(options.parallel) as pool:
        list(pool.map(lambda run: make(options.directory / f"{run[0]:02}.csv", (*load, *run[2])), planned))
    judged = [(kind, judge(read_csv(options.directory / f"{number:02}.csv"))) for number, kind, _ in planned]
    show(judged)


def plan(runs: int) -> list[tuple[int, str, Sequence[str]]]:
    """The runs' numbers, kinds and options; clean and leaking ones take turns, so that both meet the same machine."""
    kinds = [list(group.items())[number % len(group)] for number in range(runs) for group in (CLEAN, LEAKING)]
    return [(number, kind, arguments) for number, (kind, arguments) in enumerate(kinds)]


def make(csv: Path, arguments: Sequence[str]) -> None:
    """Do a run as a user would, unless its CSV is there; what it prints goes beside it."""
    if csv.exists():
        return
    unfinished = csv.with_suffix(".part")
    options = ("--listen-address", "127.0.0.1:0", "--mem-interval", "5s", "--fail-on", "never")
    command: list[str | Path] = [EXPORTER, *options, *arguments, "--csv", unfinished, "--csv-overwrite"]
    with csv.with_suffix(".txt").open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT)
    print(f"{csv.stem}: exit code {done.returncode}", file=sys.stderr, flush=True)
    unfinished.rename(csv)


def show(judged: Sequence[tuple[str, Judgement]]) -> None:
    """Print how often each kind is called what, and the reason of every verdict that is wrong or missing."""
    print("| run | leak | no leak | inconclusive |\n|---|---|---|---|")
    for kind in (*CLEAN, *LEAKING):
        found = Counter(str(judgement.verdict) for each, judgement in judged if each == kind)
        print(
            f"| {kind} | " + " | ".join(str(found[verdict]) for verdict in ("leak", "no leak", "inconclusive")) + " |"
        )
    print()
    for number, (kind, judgement) in enumerate(judged):
        if str(judgement.verdict) != ("no leak" if kind in CLEAN else "leak"):
            print(f"- {number:02}, {kind}: {judgement.verdict}: {judgement.reason}")


if __name__ == "__main__":
    main()
