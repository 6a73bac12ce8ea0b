"""What an agent costs the program that it is in: CPU time at rest, and for the same work with it and without it.

    python benchmarks/agents.py [--seconds 5] [--rounds 15]

Each program prints the CPU time that it took, and that of its threads but the main one. At rest it sleeps: all that it
takes more with an agent is the agent's, whatever else the machine does. At work it does a fixed amount, found at first
so that it takes so many seconds, at the same time as its twin without an agent and on the same core: the kernel lets
them take turns every few milliseconds, so that whatever else the machine does slows both alike. The factor is the
median of the rounds' own, with its 95 % interval, which says whether 1 % can be told. What the agent's own thread took
at work is exact anyway; in Node.js it has none.

The program for glibc does nothing but allocate. It is measured alone and with a thread of its own that sleeps: beside
any other thread malloc takes locks, whatever that one does.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from math import sqrt
from pathlib import Path
from statistics import median

from exporter.settings.watch import AgentChoice
from exporter.watch.agents.agents import Agents

GOAL = 0.01
REST_SECONDS = 20.0
INTERVAL_SECONDS = 5.0  # between two samples, as in a watch that is told nothing else
FIRST_ROUNDS = 20
Z = 1.96  # 95 % of a normal distribution

PYTHON = """
import json, sys, time
held = [{"number": number, "text": str(number)} for number in range(100_000)]
began = time.process_time()
time.sleep(float(sys.argv[2]))
for number in range(int(sys.argv[1])):
    json.loads(json.dumps({str(key): [key] * 5 for key in range(200)}))
print(time.process_time() - began, time.process_time() - time.thread_time())
"""
NODE = """
const held = Array.from({length: 100_000}, (_, number) => ({number, text: String(number)}));
let left = Number(process.argv[1]);
const began = process.cpuUsage();
function some() {
  for (let number = 0; number < 20 && left > 0; number += 1, left -= 1) {
    JSON.parse(JSON.stringify(Object.fromEntries(Array.from({length: 200}, (_, key) => [key, [key, key, key]]))));
  }
  if (left > 0) setImmediate(some);
  else { const {user, system} = process.cpuUsage(began); console.log((user + system) / 1e6, NaN); }
}
setTimeout(some, Number(process.argv[2]) * 1000);
"""
MALLOC = """
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *held[100000];

static void *sleeping(void *nothing) {
    for (;;)
        pause();
    return nothing;
}

int main(int count, char **arguments) {
    if (count != 4)
        return 2;
    long rounds = atol(arguments[2]);
    unsigned random = 1;
    pthread_t thread;
    if (!strcmp(arguments[1], "threads"))
        pthread_create(&thread, NULL, sleeping, NULL);
    usleep(atof(arguments[3]) * 1e6);
    for (long round = 0; round < rounds; round++)
        for (int number = 0; number < 10000; number++) {
            random = random * 1664525 + 1013904223;
            free(held[random >> 8 & 65535]);
            held[random >> 8 & 65535] = malloc((random >> 20) + 1);
        }
    struct timespec main;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &main);
    double total = (double)clock() / CLOCKS_PER_SEC;
    printf("%f %f\\n", total, total - main.tv_sec - main.tv_nsec / 1e9);
    return 0;
}
"""


def main() -> int:
    """Measure, print; return 1 if an agent costs more than it may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=15)
    wanted = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # what it starts as well
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory) / "program"
        subprocess.run(["cc", "-O2", "-pthread", "-x", "c", "-o", program, "-"], input=MALLOC.encode(), check=True)
        programs: dict[str, tuple[AgentChoice, tuple[str, ...]]] = {
            "python": ("python", (sys.executable, "-c", PYTHON)),
            "node": ("node", ("node", "-e", NODE)),
            "glibc": ("glibc", (str(program), "alone")),
            "glibc, threads": ("glibc", (str(program), "threads")),
        }
        print(f"{'agent':<16}{'at rest':>10}{'own thread':>14}{'at work':>14}{'95 % interval':>24}")
        shares = []
        for name, (choice, command) in programs.items():
            shares.append(asyncio.run(at_rest(choice, command)))
            each, own = asyncio.run(at_work(choice, command, wanted.seconds, wanted.rounds))
            low, high = interval_of_median(each)
            factors = f"{median(each):>12.4f} x{low:>14.4f} to {high:.4f}"
            print(f"{name:<16}{shares[-1]:>10.3%}{own:>14.3%}{factors}", flush=True)
    print(f"goal: less than {GOAL:.0%} of a second each second")
    return 0 if max(shares) < GOAL else 1


async def at_rest(choice: AgentChoice, command: tuple[str, ...]) -> float:
    """The share of its time that an agent takes."""
    took = {each: await cpu_seconds(each, command, 0, REST_SECONDS) for each in ("none", choice)}
    return (took[choice][0] - took["none"][0]) / REST_SECONDS


async def at_work(
    choice: AgentChoice, command: tuple[str, ...], seconds: float, rounds: int
) -> tuple[list[float], float]:
    """CPU time with the agent over that without, round by round, and the median share of the agent's thread in it."""
    took, _ = await cpu_seconds("none", command, FIRST_ROUNDS)
    amount = max(round(FIRST_ROUNDS * seconds / took), FIRST_ROUNDS)
    none: AgentChoice = "none"
    found, own = [], []
    for _ in range(rounds):
        both = (cpu_seconds(each, command, amount) for each in (choice, none))
        (total, others), (alone, _) = await asyncio.gather(*both)
        found.append(total / alone)
        own.append(others / total)
    return found, median(own)


def interval_of_median(found: list[float]) -> tuple[float, float]:
    """The 95 % interval of a median, by the ranks of what was found."""
    ranked = sorted(found)
    outside = max(int((len(found) - Z * sqrt(len(found))) / 2), 0)
    return ranked[outside], ranked[-1 - outside]


async def cpu_seconds(
    choice: AgentChoice, command: tuple[str, ...], amount: int, rest: float = 0.0
) -> tuple[float, float]:
    """The CPU time that a program says it took for so much work, after some rest, and that of its threads."""
    async with Agents(choice, command, INTERVAL_SECONDS, list) as variables:
        process = await asyncio.create_subprocess_exec(
            *command, str(amount), str(rest), stdout=subprocess.PIPE, env={**os.environ, **variables}
        )
        output, _ = await process.communicate()
    total, others = map(float, output.split())
    return total, others


if __name__ == "__main__":
    sys.exit(main())
