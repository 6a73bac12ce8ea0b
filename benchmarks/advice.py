"""Measures whether the advice of an undecided verdict decides: undecided runs are followed as the advice says.

    python benchmarks/advice.py [--runs 10] [--seed 2025]

Recorded runs of released packages and clean programs are cut after some minutes, simulated ones too. Of those that are
undecided then, each way that the advice names is gone as far as there is a run for it: the same run for the minutes
that are often enough, for those that decide nine of ten, or a run of the same program with its heap read, of the
length that is advised.
Prints Markdown.
"""

import argparse
import lzma
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import simulator
from simulator_at_rest import KINDS as KINDS_AT_REST
from simulator_at_rest import at_rest

from exporter.analysis.series import Run, parse_csv
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

RECORDED = Path(__file__).parents[1] / "tests" / "fixtures" / "recorded" / "field"
CUTS_RECORDED = (2, 4, 8, 12)
CUTS_SIMULATED = (10, 20, 30)
CUTS_AT_REST = (1, 2, 4)
LONGEST_SIMULATED = 240  # a cache that fills evenly is full within 192
LONGEST_AT_REST = 64
RATES = (100, 1000)
_MORE = re.compile(r"another (\d+) min \((\d+) min decide nine of ten")
_HEAP = re.compile(r"(\d+) min with a heap of the program's")


@dataclass(frozen=True, slots=True)
class Case:
    """A whole run and where it is from; ``told`` are runs of the same program with its heap."""

    source: str
    run: Run
    told: tuple[Run, ...] = ()


def until(run: Run, minutes: float) -> Run:
    """The run as it stood after so many minutes."""
    rows = int(np.searchsorted(run.columns["elapsed_sec"], minutes * 60, side="right"))
    return replace(run, columns={name: values[:rows] for name, values in run.columns.items()}, phases=run.phases[:rows])


def length(run: Run) -> float:
    """Its minutes."""
    return float(run.columns["elapsed_sec"][-1]) / 60


def recorded() -> Iterator[Case]:
    """The runs of the field test."""
    runs = {way.name: {path.name: _read(path) for path in sorted(way.iterdir())} for way in RECORDED.iterdir()}
    for way in sorted(runs):
        for name, run in runs[way].items():
            told = tuple(runs[other][name] for other in ("near_rest", "with_agent") if name in runs[other])
            yield Case(f"recorded {way.replace('_', ' ')}", run, told if way == "without_agent" else ())


def _read(path: Path) -> Run:
    return parse_csv(BytesIO(lzma.decompress(path.read_bytes())), path.name.removesuffix(".csv.xz"))


def simulated(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Runs under load, with their heap read and without."""
    for number in range(count):
        every = 30 if number % 2 else 1
        made = [simulator.clean(kind, LONGEST_SIMULATED, rng) for kind in simulator.CLEAN]
        made += [
            simulator.leaking(kind, rate, LONGEST_SIMULATED, rng, disturbed=bool(number // 2 % 2))
            for kind in simulator.LEAKS
            for rate in RATES
        ]
        for each in made:
            told = each.run(True, every)
            yield Case("simulated, heap read", told)
            yield Case("simulated, from outside", _watched(each.run(False, every)), (told,))


def _watched(run: Run) -> Run:
    """The run as a watch records it, of a program in which no instance is ever connected."""
    return replace(run, columns={**run.columns, "instances": np.zeros(len(run))})


def simulated_at_rest(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Runs with samples at rest."""
    for kind in KINDS_AT_REST:
        for _ in range(count):
            yield Case("simulated, at rest", at_rest(kind, LONGEST_AT_REST, rng).run)


def follow(cases: Iterable[Case], cuts: Iterable[int]) -> Counter[tuple[str, int, str, str]]:
    """How often what came of which way: by source, cut, way and outcome."""
    came: Counter[tuple[str, int, str, str]] = Counter()
    for case in cases:
        for cut in cuts:
            if length(case.run) < cut:
                continue
            first = judge(until(case.run, cut))
            if first.verdict is not Verdict.INCONCLUSIVE:
                continue
            more = _MORE.search(first.would_decide)
            for way, minutes in zip(("longer", "nine of ten"), more.groups() if more else (), strict=False):
                came[case.source, cut, way, _outcome(case.run, cut + int(minutes))] += 1
            heap = _HEAP.search(first.would_decide)
            if heap and case.told:
                came[case.source, cut, "heap", _outcome(case.told[0], int(heap[1]))] += 1
    return came


def _outcome(run: Run, minutes: float) -> str:
    if length(run) < 0.97 * minutes:
        return "too short"
    return "open" if judge(until(run, minutes)).verdict is Verdict.INCONCLUSIVE else "decided"


def report(came: Counter[tuple[str, int, str, str]]) -> None:
    """One row for each source, cut and way, and one for each way in all."""
    print("| undecided | after | way | decided | recording too short |\n|---|---|---|---|---|")
    for source, cut, way in sorted({key[:3] for key in came}):
        decided, left, short = (came[source, cut, way, each] for each in ("decided", "open", "too short"))
        print(f"| {source} | {cut} min | {way} | {decided} of {decided + left} | {short} |")
    for way in sorted({key[2] for key in came}):
        of = {each: sum(n for key, n in came.items() if key[2:] == (way, each)) for each in ("decided", "open")}
        print(f"| all | | {way} | {of['decided']} of {sum(of.values())} | |")


def main() -> None:
    """Parse the arguments and print the report."""
    parser = argparse.ArgumentParser(description="Measure whether the advice of an undecided verdict decides.")
    parser.add_argument("--runs", type=int, default=10, help="simulated runs of each kind")
    parser.add_argument("--seed", type=int, default=2025)
    arguments = parser.parse_args()
    rng = np.random.default_rng([arguments.seed, 3])
    came = follow(recorded(), CUTS_RECORDED)
    came += follow(simulated(arguments.runs, rng), CUTS_SIMULATED)
    came += follow(simulated_at_rest(arguments.runs, rng), CUTS_AT_REST)
    report(came)


if __name__ == "__main__":
    main()
