"""Measures what of simulated clean runs of a few minutes is called an obvious leak, when all that grows is made large.

    python benchmarks/obvious.py [--runs 20] [--seed 2025]

Prints Markdown: of each leak-free kind of the simulator the runs called leak, by anonymous memory alone, with a sample
every 5 s and the operations counted in half of them. What a run is made of is enlarged beside a small program; leaks of
100 to 300 MiB a minute stand beside them.
"""

import argparse

import numpy as np
import simulator

from exporter.analysis.judgement import ANONYMOUS
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

MINUTES = (1, 2, 3, 5)
TIMES = (1, 8, 40)
LEAK = "leak"
_STEP_SECONDS = 5


def watched(kind: str, minutes: int, times: int, rng: np.random.Generator) -> Run:
    """A program of 5 to 60 MiB that starts within seconds, and beside it a kind, so many times as large."""
    scene = simulator.Scene(rng, minutes)
    leak = rng.uniform(100, 300) * simulator.MIB * scene.t
    grown = leak if kind == LEAK else simulator.CLEAN[kind](scene).rss * times
    begins = rng.uniform(5, 60) * simulator.MIB
    starting = rng.uniform(0.1, 1) * begins * (1 - np.exp(-scene.t / rng.uniform(0.02, 0.2)))
    memory = (begins + starting + grown + 100 * rng.standard_normal(len(scene.t))) * 1024
    columns = {"elapsed_sec": scene.t * 60, "rss_bytes": memory, ANONYMOUS: memory}
    if rng.random() < 0.5:
        columns["payments"] = scene.payments
    return Run.of(kind, **{name: values[::_STEP_SECONDS] for name, values in columns.items()})


def main() -> None:
    """Parse the arguments and print the report."""
    parser = argparse.ArgumentParser(description="Measure what clean runs of minutes are called an obvious leak.")
    parser.add_argument("--runs", type=int, default=20, help="runs of each kind, length and size")
    parser.add_argument("--seed", type=int, default=2025)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    cases = [(minutes, times) for times in TIMES for minutes in MINUTES]
    print("| kind | " + " | ".join(f"{minutes} min, {times} times" for minutes, times in cases) + " |")
    print("|---|" + "---|" * len(cases))
    for kind in (*simulator.CLEAN, LEAK):
        found = [
            sum(judge(watched(kind, *case, rng)).verdict is Verdict.LEAK for _ in range(arguments.runs))
            for case in cases
        ]
        print(f"| {kind} | " + " | ".join(map(str, found)) + " |", flush=True)


if __name__ == "__main__":
    main()
