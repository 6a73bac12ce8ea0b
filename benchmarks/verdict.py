"""Measures the verdict on simulated runs whose truth is known, beside the reference harness's rule.

    python benchmarks/verdict.py [--runs 200] [--seed 2025] [--online 10]

Prints Markdown: false alarms per kind, leaks found by rate, leaks acquitted, samples at rest, online, CPU time.
Report with a seed that nobody has looked at while tuning the rule.
"""

import argparse
import time
from collections.abc import Callable, Iterable

import numpy as np
import simulator
from simulator_at_rest import KINDS as KINDS_AT_REST
from simulator_at_rest import at_rest

from exporter.analysis.judgement import Verdict
from exporter.analysis.online import Online
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge

RATES = (25, 100, 300, 1000)
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


def with_heap(simulated: simulator.Simulated, every: int) -> Verdict:
    """This program's, on resident memory and heap."""
    return judge(simulated.run(heap=True, every=every)).verdict


RULES: dict[str, Rule] = {"reference": reference_rule, "RSS": resident_only, "RSS and heap": with_heap}


def simulated_runs(minutes: float, count: int, seed: int) -> Iterable[tuple[simulator.Simulated, int]]:
    """So many runs per leak-free kind and half as many per leaking kind and rate, with a sample every 1 s or 30 s."""
    rng = np.random.default_rng([seed, int(minutes)])
    for kind in simulator.CLEAN:
        for number in range(count):
            yield simulator.clean(kind, minutes, rng), 30 if number % 2 else 1
    for rate in RATES:
        for kind in simulator.LEAKS:
            for number in range(count // 2):
                yield simulator.leaking(kind, rate, minutes, rng), 30 if number % 2 else 1


def share(found: list[Verdict], wanted: Verdict) -> str:
    """The share of a verdict in percent."""
    return f"{100 * sum(verdict is wanted for verdict in found) / max(len(found), 1):.1f} %"


def report_passive(minutes: float, count: int, seed: int) -> None:
    """False alarms, leaks found and leaks acquitted at one run length, for every rule."""
    found: dict[tuple[str, str, float], list[Verdict]] = {}
    for run, every in simulated_runs(minutes, count, seed):
        for name, rule in RULES.items():
            found.setdefault((name, run.kind, run.rate), []).append(rule(run, every))

    def told(label: str, kinds: Iterable[str], rates: Iterable[float], wanted: Verdict) -> None:
        shares = [
            share([v for kind in kinds for rate in rates for v in found.get((name, kind, rate), [])], wanted)
            for name in RULES
        ]
        print(f"| {label} | " + " | ".join(shares) + " |", flush=True)

    print(f"\n### {minutes:.0f} min, {count} runs of each leak-free kind\n")
    print("| | " + " | ".join(RULES) + " |\n|---|" + "---|" * len(RULES))
    told("leak-free, called leak", simulator.CLEAN, [0.0], Verdict.LEAK)
    for kind in simulator.CLEAN:
        told(f"- {kind}", [kind], [0.0], Verdict.LEAK)
    told("leak-free, called no leak", simulator.CLEAN, [0.0], Verdict.NO_LEAK)
    for rate in RATES:
        told(f"leaks of {rate} KiB/min found", simulator.LEAKS, [rate], Verdict.LEAK)
    told("leaks of 100 KiB/min or more, called no leak", simulator.LEAKS, RATES[1:], Verdict.NO_LEAK)


def report_at_rest(count: int, seed: int) -> None:
    """Runs of 10 min with samples at rest."""
    rng = np.random.default_rng([seed, 77])
    print("\n### 10 min with samples at rest\n\n| | called leak | called no leak |\n|---|---|---|")
    for kind in KINDS_AT_REST:
        found = [judge(at_rest(kind, 10, rng).run).verdict for _ in range(count)]
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
    alarms = {
        kind: [first_alarm(simulator.clean(kind, 60, rng).run(every=30 if n % 2 else 1)) for n in range(count)]
        for kind in simulator.CLEAN
    }
    leaks = [
        first_alarm(simulator.leaking(kind, 1000, 60, rng).run(every=30 if n % 2 else 1))
        for kind in simulator.LEAKS
        for n in range(count)
    ]
    every = [minute for minutes in alarms.values() for minute in minutes]
    print("\n### Online, judged every minute of an hour\n")
    print(f"- leak-free runs called leak at any time: {100 * np.isfinite(every).mean():.1f} %")
    for kind, minutes in alarms.items():
        if np.isfinite(minutes).any():
            print(f"  - {kind}: {100 * np.isfinite(minutes).mean():.0f} %")
    after = f"median after {np.median(leaks):.0f} min"
    print(f"- leaks of 1000 KiB/min found: {100 * np.isfinite(leaks).mean():.1f} %, {after}")


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
    report_at_rest(min(arguments.runs, 40), arguments.seed)
    if arguments.online:
        report_online(arguments.online, arguments.seed)
    report_cpu()
    print(f"\nSeed {arguments.seed}; {time.process_time() - started:.0f} s of CPU.")


if __name__ == "__main__":
    main()
