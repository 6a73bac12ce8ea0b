"""Memory over time in the shapes that leaks and their impostors have, as series for promtool's rule tests.

A shape is a function of minutes since the start of the load that returns bytes (or a count) above the base, or None
where there is no series any more.
The load is the default one: a payment every 5 s, a reconnect every 100 payments, a settled sample every 20.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

Shape = Callable[[float], float | None]

STEP_SECONDS = 60
LENGTH_MINUTES = 100
PAYMENTS_PER_MINUTE = 12.0
MINUTES_PER_RECONNECT = 100 / PAYMENTS_PER_MINUTE
KIB, MIB = 2.0**10, 2.0**20
MEMORY_LIMIT = 24 * 2**30

_TARGET = 'job="memtest",instance="here:1"'
_SUBJECT = _TARGET + ',driver="python"'


def flat(minutes: float) -> float:
    return 0.0


def linear(per_minute: float) -> Shape:
    return lambda minutes: per_minute * minutes


def per_payment(amount: float) -> Shape:
    return lambda minutes: amount * math.floor(minutes * PAYMENTS_PER_MINUTE)


def per_reconnect(amount: float) -> Shape:
    return lambda minutes: amount * math.floor(minutes / MINUTES_PER_RECONNECT)


def per_history_list(amount: float) -> Shape:
    """Each payment lists all payments so far, and ``amount`` is lost for every one of them."""
    return lambda minutes: amount * (minutes * PAYMENTS_PER_MINUTE) ** 2 / 2


def warm_up(size: float, time_constant: float) -> Shape:
    return lambda minutes: size * (1 - math.exp(-minutes / time_constant))


def steps(size: float, *at: float) -> Shape:
    return lambda minutes: size * sum(minutes >= moment for moment in at)


def sawtooth(height: float, period: float) -> Shape:
    return lambda minutes: height * (minutes % period) / period


def plateau(size: float, after: float) -> Shape:
    """Rise for a while and stay there, as memory that the allocator keeps."""
    return lambda minutes: size * min(minutes / after, 1.0)


def wandering(sigma: float, persistence: float, seed: int) -> Shape:
    """Return noise with a memory: a first-order autoregression with this standard deviation."""
    source = random.Random(seed)
    path = [0.0]
    for _ in range(LENGTH_MINUTES * 60 // STEP_SECONDS):
        path.append(persistence * path[-1] + source.gauss(0, sigma * math.sqrt(1 - persistence**2)))
    return lambda minutes: path[int(minutes * 60 // STEP_SECONDS)]


def both(*shapes: Shape) -> Shape:
    def summed(minutes: float) -> float | None:
        parts = [shape(minutes) for shape in shapes]
        return None if None in parts else sum(part for part in parts if part is not None)

    return summed


def always(value: float) -> Shape:
    return lambda minutes: value


def until(moment: float, shape: Shape, after: float | None = None) -> Shape:
    return lambda minutes: shape(minutes) if minutes < moment else after


def every(minutes: float, shape: Shape) -> Shape:
    """Hold the value that the shape had at the last multiple of ``minutes``."""
    return lambda now: shape(now // minutes * minutes)


def busy(least: int, most: int) -> Shape:
    """Come and go between two counts."""
    return lambda minutes: least + int(minutes * 60 // STEP_SECONDS) * 2 % (most - least + 1)


_ON = always(1)
_PAYMENTS = linear(PAYMENTS_PER_MINUTE)
_CLOCK = linear(60)
_LOAD_END = always(4 * 3600)


@dataclass(frozen=True)
class Soak:
    """A run: what each figure does, above its base where it has one."""

    resident: Shape = flat
    heap: Shape = flat
    settled_heap: Shape | None = None  # the heap's, if not said
    descriptors: Shape = flat
    threads: Shape = flat
    paid: Shape = _PAYMENTS
    failed: Shape = flat
    running: Shape = _ON
    scraped: Shape = _ON
    subject_up: Shape = _ON
    subject_start: Shape = flat
    load_end: Shape = _LOAD_END
    finished: Shape = flat
    last_sample: Shape = _CLOCK
    csv_errors: Shape = flat
    verdict: str = ""
    noise: bool = True  # what any process shows

    def series(self) -> dict[str, str]:
        """Return promtool's ``input_series``: values by series."""
        shapes = self._run() | self._memory()
        return {name: values(shape) for name, shape in shapes.items()}

    def _run(self) -> dict[str, Shape]:
        return {
            f"up{{{_TARGET}}}": self.scraped,
            f"memtest_memory_limit_bytes{{{_TARGET}}}": always(MEMORY_LIMIT),
            f"memtest_load_end_timestamp_seconds{{{_TARGET}}}": self.load_end,
            f"memtest_run_finished{{{_TARGET}}}": self.finished,
            f'memtest_verdict{{{_TARGET},memtest_verdict="leak"}}': always(self.verdict == "leak"),
            f'memtest_verdict{{{_TARGET},memtest_verdict="no_leak"}}': always(self.verdict == "no_leak"),
            f'memtest_verdict{{{_TARGET},memtest_verdict="inconclusive"}}': always(self.verdict == "inconclusive"),
            f"memtest_up{{{_SUBJECT}}}": self.subject_up,
            f"memtest_subject_start_timestamp_seconds{{{_SUBJECT}}}": self.subject_start,
            f"memtest_last_sample_timestamp_seconds{{{_SUBJECT}}}": self.last_sample,
            f"memtest_csv_errors_total{{{_SUBJECT}}}": self.csv_errors,
            f'memtest_phase{{{_SUBJECT},memtest_phase="running"}}': self.running,
            f'memtest_payments_total{{{_SUBJECT},rail="spark"}}': self.paid,
            f'memtest_payment_failures_total{{{_SUBJECT},rail="spark"}}': self.failed,
        }

    def _memory(self) -> dict[str, Shape]:
        resident, heap = (wandering(64 * KIB, 0.5, 1), wandering(64 * KIB, 0.3, 2)) if self.noise else (flat, flat)
        settled = every(20 / PAYMENTS_PER_MINUTE, self.settled_heap or self.heap)
        return {
            f"memtest_resident_memory_bytes{{{_SUBJECT}}}": both(always(55 * MIB), resident, self.resident),
            f"memtest_unique_memory_bytes{{{_SUBJECT}}}": wandering(4 * MIB, 0.9, 3),
            f'memtest_heap_bytes{{{_SUBJECT},heap="native"}}': both(always(18 * MIB), heap, self.heap),
            f'memtest_heap_bytes{{{_SUBJECT},heap="python"}}': always(6 * MIB),
            f'memtest_settled_heap_bytes{{{_SUBJECT},heap="native"}}': both(always(18 * MIB), settled),
            f"memtest_open_fds{{{_SUBJECT}}}": both(busy(19, 23), self.descriptors),
            f"memtest_threads{{{_SUBJECT}}}": both(busy(2, 4), self.threads),
        }


def values(shape: Shape) -> str:
    """Return the samples of the run as promtool writes them."""
    samples = (shape(index * STEP_SECONDS / 60) for index in range(LENGTH_MINUTES * 60 // STEP_SECONDS + 1))
    return " ".join("stale" if sample is None else f"{sample:.0f}" for sample in samples)
