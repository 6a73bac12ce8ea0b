"""Measures what the phases of the doubling protocol show of simulated heaps whose truth is known.

    python benchmarks/doubling.py [--runs 1000] [--seed 2026]

Prints Markdown: of each kind of growth the share that is called leak, inconclusive and no leak. The noise is like that
of the native heap at rest on the real SDK: 22 KiB about its median, and one reading in a hundred up to 450 KiB above.
"""

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.doubling import judge_doubling
from exporter.analysis.judgement import Settings
from exporter.record.sample import READINGS_PER_PHASE
from exporter.record.terms import Verdict
from exporter.workload.workload import DOUBLING_ENDS

Floats = NDArray[np.float64]

KIB = 1024
SIZE = 4e6  # of what levels off
# How much a heap has grown after a share of the payments, of which there are so many in all.
KINDS: dict[str, Callable[[Floats, int], Floats]] = {
    "nothing": lambda share, payments: 0 * share,
    "cache, full after 0.3 of the run": lambda share, payments: SIZE * np.minimum(share / 0.3, 1),
    "cache, full after 0.6": lambda share, payments: SIZE * np.minimum(share / 0.6, 1),
    "warm-up with a time constant of 0.1": lambda share, payments: SIZE * (1 - np.exp(-share / 0.1)),
    "warm-up with one of 0.3": lambda share, payments: SIZE * (1 - np.exp(-share / 0.3)),
    "warm-up with one of the whole run": lambda share, payments: SIZE * (1 - np.exp(-share)),
    "logarithm": lambda share, payments: SIZE * np.log1p(20 * share) / np.log(21),
    "square root": lambda share, payments: SIZE * np.sqrt(share),
    "a step after 0.8": lambda share, payments: np.where(share > 0.8, SIZE, 0.0),
    "leak of 64 bytes per payment": lambda share, payments: 64 * payments * share,
    "leak of 256 bytes": lambda share, payments: 256 * payments * share,
    "leak of 1 KiB": lambda share, payments: 1024 * payments * share,
}


def readings(rng: np.random.Generator) -> Floats:
    """The noise of one point's readings."""
    spikes = rng.uniform(0, 450 * KIB, READINGS_PER_PHASE) * (rng.random(READINGS_PER_PHASE) < 0.01)
    return np.asarray(22 * KIB * rng.standard_normal(READINGS_PER_PHASE) + spikes)


def verdicts(grown: Floats, payments: int, minutes: float, runs: int, rng: np.random.Generator) -> Counter[Verdict]:
    """How often each verdict comes up."""
    settings, per_payment = Settings(), KIB * minutes / payments
    made = (np.diff(DOUBLING_ENDS) * payments).tolist()
    least, acquit = settings.threshold_kib_per_min * per_payment, settings.acquit_kib_per_min * per_payment
    return Counter(
        judge_doubling([level + readings(rng) for level in grown], made, least, acquit).verdict for _ in range(runs)
    )


def main() -> None:
    """Print the tables, for a slow load and for a fast one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    ends = np.array(DOUBLING_ENDS)
    for payments, minutes in ((400, 8.0), (2000, 10.0)):
        print(f"\n#### {payments} payments in {minutes:.0f} min\n")
        print("| growth | leak | inconclusive | no leak |\n|---|---|---|---|")
        for name, grown in KINDS.items():
            found = verdicts(grown(ends, payments), payments, minutes, arguments.runs, rng)
            each = (Verdict.LEAK, Verdict.INCONCLUSIVE, Verdict.NO_LEAK)
            print(f"| {name} | {' | '.join(f'{found[verdict] / arguments.runs:.1%}' for verdict in each)} |")


if __name__ == "__main__":
    main()
