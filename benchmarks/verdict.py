"""Measures the verdict on simulated runs whose truth is known, beside the reference harness's rule.

    python benchmarks/verdict.py [--runs 200] [--seed 2025] [--online 10]

Prints Markdown: false alarms per kind, leaks found by rate, leaks acquitted, samples at rest, online, CPU time.
Report with a seed that nobody has looked at while tuning the rule.
"""

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import simulator
from simulator_at_rest import KINDS as KINDS_AT_REST
from simulator_at_rest import at_rest

from exporter.analysis.judgement import ANONYMOUS, RESIDENT
from exporter.analysis.online_subjects import Online
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

RATES = (25, 100, 300, 1000)
Sampled = tuple[simulator.Simulated, int]  # a run, and the seconds between two samples of it
Rule = Callable[[simulator.Simulated, int], Verdict]


def reference_rule(simulated: simulator.Simulated, every: int) -> Verdict:
    """The reference's: one line through all samples; a leak above 100 KiB/min with R² above 0.7."""
    run = simulated.run(heap=False, every=every)
    x, y = run.columns["elapsed_sec"] / 60, run.columns["rss_bytes"] / 1024
    x, y = x - x.mean(), y - y.mean()
    slope = (x @ y) / (x @ x)
    explained = 1 - ((y - slope * x) ** 2).sum() / (y @ y)
    return Verdict.LEAK if slope > 100 and explained > 0.7 else Verdict.NO_LEAK


def resident_only(simulated: simulator.Simulated, every: int) -> Verdict:
    """This program's, on resident memory alone."""
    return judge(simulated.run(heap=False, every=every)).verdict


def anonymous_only(simulated: simulator.Simulated, every: int) -> Verdict:
    """This program's, where all that moves is told to be anonymous memory."""
    run = simulated.run(heap=False, every=every)
    return judge(Run.of(run.name, **(dict(run.columns) | {ANONYMOUS: run.columns[RESIDENT]}))).verdict


def with_heap(simulated: simulator.Simulated, every: int) -> Verdict:
    """This program's, on resident memory and heap."""
    return judge(simulated.run(heap=True, every=every)).verdict


RULES: dict[str, Rule] = {
    "reference": reference_rule,
    "RSS": resident_only,
    "anonymous": anonymous_only,
    "RSS and heap": with_heap,
}


def clean_runs(minutes: float, count: int, rng: np.random.Generator) -> Iterable[Sampled]:
    """So many runs of each leak-free kind."""
    for kind in simulator.CLEAN:
        for number in range(count):
            yield simulator.clean(kind, minutes, rng), sampled_every(number)


def leaking_runs(
    minutes: float, count: int, rng: np.random.Generator, rates: Iterable[float], *, disturbed: bool
) -> Iterable[Sampled]:
    """So many runs of each leaking kind and rate."""
    for rate in rates:
        for kind in simulator.LEAKS:
            for number in range(count):
                yield simulator.leaking(kind, rate, minutes, rng, disturbed=disturbed), sampled_every(number)


def sampled_every(number: int) -> int:
    """The seconds between two samples of a run: 1 and 30 take turns."""
    return 30 if number % 2 else 1


def share(found: list[Verdict], wanted: Verdict) -> str:
    """The share of a verdict in percent."""
    return f"{100 * sum(verdict is wanted for verdict in found) / max(len(found), 1):.1f} %"


@dataclass(frozen=True, slots=True)
class Judged:
    """What each of the rules, in their order, calls a run of a kind and rate."""

    kind: str
    rate: float
    verdicts: tuple[Verdict, ...]


def judged(runs: Iterable[Sampled]) -> list[Judged]:
    """Each run, judged by every rule."""
    return [Judged(run.kind, run.rate, tuple(rule(run, every) for rule in RULES.values())) for run, every in runs]


def tell(label: str, runs: list[Judged], wanted: Verdict) -> None:
    """One row: the share of the runs that each rule calls so."""
    columns = zip(*(run.verdicts for run in runs), strict=True)
    print(f"| {label} | " + " | ".join(share(list(column), wanted) for column in columns) + " |", flush=True)


def report_passive(minutes: float, count: int, seed: int) -> None:
    """False alarms, leaks found and leaks acquitted at one run length, for every rule."""
    rng = np.random.default_rng([seed, int(minutes)])
    clean = judged(clean_runs(minutes, count, rng))
    leaks = judged(leaking_runs(minutes, count // 2, rng, RATES, disturbed=False))
    disturbed = judged(leaking_runs(minutes, count // 2, rng, RATES, disturbed=True))
    print(f"\n### {minutes:.0f} min, {count} runs of each leak-free kind\n")
    print("| | " + " | ".join(RULES) + " |\n|---|" + "---|" * len(RULES))
    tell("leak-free, called leak", clean, Verdict.LEAK)
    for kind in simulator.CLEAN:
        tell(f"- {kind}", [run for run in clean if run.kind == kind], Verdict.LEAK)
    tell("leak-free, called no leak", clean, Verdict.NO_LEAK)
    for rate in RATES:
        tell(f"leaks of {rate} KiB/min found", [run for run in leaks if run.rate == rate], Verdict.LEAK)
        tell("- disturbed ones", [run for run in disturbed if run.rate == rate], Verdict.LEAK)
    large = [run for run in leaks + disturbed if run.rate >= RATES[1]]
    tell(f"leaks of {RATES[1]} KiB/min or more, called no leak", large, Verdict.NO_LEAK)


def report_at_rest(minutes: float, count: int, seed: int) -> None:
    """Runs with samples at rest, at one length."""
    rng = np.random.default_rng([seed, 77, int(minutes)])
    print(f"\n### {minutes:.0f} min with samples at rest\n\n| | called leak | called no leak |\n|---|---|---|")
    for kind in KINDS_AT_REST:
        found = [judge(at_rest(kind, minutes, rng).run).verdict for _ in range(count)]
        print(f"| {kind} | {share(found, Verdict.LEAK)} | {share(found, Verdict.NO_LEAK)} |", flush=True)


def first_alarm(run: Run) -> float:
    """The minute at which the online evaluation calls a run a leak; infinite if never."""
    online = Online()
    names = list(run.columns)
    table = np.column_stack(list(run.columns.values()))
    minute = 1.0
    for row in table:
        online.add(dict(zip(names, row.tolist(), strict=True)))
        if row[0] >= minute * 60:
            minute += 1
            if online.judgement().verdict is Verdict.LEAK:
                return float(row[0]) / 60
    return np.inf


def report_online(count: int, seed: int) -> None:
    """Judged every minute of an hour: false alarms, and when leaks of 1000 KiB/min are found."""
    rng = np.random.default_rng([seed, 99])
    alarms = [(run.kind, first_alarm(run.run(every=every))) for run, every in clean_runs(60, count, rng)]
    print("\n### Online, judged every minute of an hour\n")
    print(f"- leak-free runs called leak at any time: {ever([minute for _, minute in alarms])}")
    for kind in simulator.CLEAN:
        minutes = [minute for each, minute in alarms if each == kind]
        if np.isfinite(minutes).any():
            print(f"  - {kind}: {ever(minutes)}")
    for name, disturbed in (("leaks", False), ("disturbed leaks", True)):
        runs = leaking_runs(60, count, rng, [1000], disturbed=disturbed)
        minutes = [first_alarm(run.run(every=every)) for run, every in runs]
        print(f"- {name} of 1000 KiB/min found: {ever(minutes)}, median after {np.median(minutes):.0f} min")


def ever(minutes: list[float]) -> str:
    """The share of the runs in which a minute of alarm came at all, and of how many."""
    return f"{100 * np.isfinite(minutes).mean():.1f} % of {len(minutes)}"


def report_cpu() -> None:
    """CPU time of one judgement."""
    rng = np.random.default_rng(1)
    hour = simulator.leaking("linear", 100, 60, rng).run()
    seconds = np.arange(1e6)
    long = Run.of(
        "long",
        elapsed_sec=seconds,
        rss_bytes=5e7 + 1e5 * rng.standard_normal(len(seconds)),
        heap_allocated_bytes=7e6 + 1e5 * rng.standard_normal(len(seconds)),
        payments=seconds // 5,
    )
    print("\n### CPU\n")
    for run in (hour, long):
        judge(run)
        started = time.process_time()
        repeats = 5
        for _ in range(repeats):
            judge(run)
        print(f"- {len(run):,} samples: {(time.process_time() - started) / repeats * 1000:.1f} ms")


def main() -> None:
    """Parse the arguments and print the report."""
    parser = argparse.ArgumentParser(description="Measure the verdict on simulated runs whose truth is known.")
    parser.add_argument("--runs", type=int, default=200, help="runs of each leak-free kind")
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--minutes", type=float, nargs="*", default=[60, 30, 10])
    parser.add_argument("--online", type=int, default=10, help="runs of each kind that are judged every minute")
    arguments = parser.parse_args()
    started = time.process_time()
    for minutes in arguments.minutes:
        report_passive(minutes, arguments.runs, arguments.seed)
    for minutes in (1, 2, 5, 10):
        report_at_rest(minutes, arguments.runs, arguments.seed)
    if arguments.online:
        report_online(arguments.online, arguments.seed)
    report_cpu()
    print(f"\nSeed {arguments.seed}; {time.process_time() - started:.0f} s of CPU.")


if __name__ == "__main__":
    main()
