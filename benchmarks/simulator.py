"""Simulated memory series with a known truth: leak-free runs that look like leaks, and leaks that look like noise.

Times are in minutes and sizes in KiB in here; `Simulated.run` converts to the units of a CSV.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from exporter.analysis.series import Run

Floats = NDArray[np.float64]

MIB = 1024.0
PAYMENTS_PER_MINUTE = 12.0
PAYMENTS_PER_RECONNECT = 100


@dataclass(slots=True)
class Signal:
    """What a part of a run adds to the resident memory and to the heap in use, KiB per second of the run."""

    rss: Floats
    heap: Floats

    def __add__(self, other: "Signal") -> "Signal":
        return Signal(self.rss + other.rss, self.heap + other.heap)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated run; ``rate`` is its true growth in KiB/min, 0 when it is leak-free."""

    kind: str
    rate: float
    seconds: Floats
    rss: Floats
    heap: Floats
    payments: Floats
    reconnects: Floats

    def run(self, heap: bool = True, every: int = 1) -> Run:
        """The series as a run, sampled every so many seconds."""
        cut = slice(None, None, every)
        columns = {"elapsed_sec": self.seconds[cut], "rss_bytes": self.rss[cut] * 1024}
        if heap:
            columns["heap_allocated_bytes"] = columns["heap_native_bytes"] = self.heap[cut] * 1024
        columns["payments"] = self.payments[cut]
        columns["reconnects"] = self.reconnects[cut]
        return Run.of(self.kind, **columns)


class Scene:
    """Draws the parts that runs are made of; one per run."""

    def __init__(self, rng: np.random.Generator, minutes: float) -> None:
        self.rng = rng
        self.minutes = minutes
        self.t = np.arange(round(minutes * 60) + 1) / 60.0
        pace = PAYMENTS_PER_MINUTE * rng.uniform(0.7, 5)
        self.payments = np.floor(np.cumsum(rng.poisson(pace / 60, len(self.t)))).astype(float)
        self.reconnects = np.floor(self.payments / PAYMENTS_PER_RECONNECT)

    def zero(self) -> Floats:
        return np.zeros_like(self.t)

    def both(self, shape: Floats, heap_share: float | None = None) -> Signal:
        share = self.rng.uniform(0.6, 1.0) if heap_share is None else heap_share
        return Signal(shape, shape * share)

    def base(self) -> Signal:
        rng, n = self.rng, len(self.t)
        level = rng.uniform(40, 300) * MIB
        rss = level + rng.uniform(10, 300) * rng.standard_normal(n) + self._ar1(rng.uniform(0.5, 0.98), 100)
        heap = level * rng.uniform(0.1, 0.6) + rng.uniform(20, 200) * np.abs(rng.standard_normal(n))
        return Signal(rss, heap)

    def _ar1(self, phi: float, deviation: float) -> Floats:
        shocks = self.rng.standard_normal(len(self.t)) * np.sqrt(1 - phi * phi)
        shocks[0] /= np.sqrt(1 - phi * phi)
        return np.asarray(lfilter([1.0], [1.0, -phi], shocks)) * deviation

    def warmup(self) -> Signal:
        size, constant = self.rng.uniform(5, 60) * MIB, self.rng.uniform(1, 15)
        return self.both(size * (1 - np.exp(-self.t / constant)))

    def cache_fill(self) -> Signal:
        size = self.rng.uniform(2, 20) * MIB
        if self.rng.random() < 0.5:
            return self.both(size * np.sqrt(self.t / 60))
        constant = self.rng.uniform(0.5, 5)
        return self.both(size * np.log1p(self.t / constant) / np.log1p(60 / constant))

    def early_steps(self) -> Signal:
        """Arenas that malloc opens as the load settles: seen in the resident memory only."""
        times = self.rng.exponential(self.minutes / self.rng.uniform(4, 10), self.rng.integers(3, 12))
        rss = self.zero()
        for time in times:
            rss += self.rng.uniform(1, 8) * MIB * (self.t >= time)
        return Signal(rss, self.zero())

    def sawtooth(self, smallest: float = 1, largest: float = 30) -> Signal:
        size, period = self.rng.uniform(smallest, largest) * MIB, np.exp(self.rng.uniform(np.log(0.15), np.log(6)))
        lengths = period * self.rng.uniform(0.8, 1.2, int(self.minutes / period * 1.5) + 3)
        edges = np.concatenate(([0.0], np.cumsum(lengths)))
        index = np.searchsorted(edges, self.t, side="right") - 1
        tooth = (self.t - edges[index]) / lengths[index] * size
        return self.both(tooth, heap_share=1.0)

    def madvise_drops(self) -> Signal:
        """Pages that the allocator keeps for a while and then gives back: seen in the resident memory only."""
        lengths = self.rng.uniform(1.5, 12, int(self.minutes) + 3)
        edges = np.concatenate(([0.0], np.cumsum(lengths)))
        index = np.searchsorted(edges, self.t, side="right") - 1
        sizes = self.rng.uniform(0.5, 8, len(edges)) * MIB
        return Signal(sizes[index] * (self.t - edges[index]) / lengths[index], self.zero())

    def reconnect_spikes(self) -> Signal:
        at_reconnect = np.diff(self.reconnects, prepend=0.0) > 0
        size, decay = self.rng.uniform(2, 20) * MIB, np.exp(-1 / 60 / self.rng.uniform(0.1, 1.5))
        return self.both(np.asarray(lfilter([1.0], [1.0, -decay], at_reconnect * size)))

    def wander(self) -> Signal:
        phi = float(self.rng.choice([0.9, 0.98, 0.99, 0.995, 0.999]))
        wander = self._ar1(phi, self.rng.uniform(0.2, 3) * MIB)
        return self.both(wander - wander.min(), heap_share=float(self.rng.choice([0.0, 0.2, 1.0])))

    def linear_cache(self) -> Signal:
        """A bounded cache: fills at a constant rate, is full at some point of the run."""
        size, full = self.rng.uniform(3, 40) * MIB, self.rng.uniform(0.05, 0.8) * self.minutes
        return self.both(size * np.minimum(self.t / full, 1.0))

    def mixture(self) -> Signal:
        parts = (self.warmup, self.cache_fill, self.early_steps, self.sawtooth, self.madvise_drops,
                 self.reconnect_spikes, self.wander)  # fmt: skip
        total = Signal(self.zero(), self.zero())
        for index in self.rng.choice(len(parts), self.rng.integers(2, 4), replace=False):
            total = total + parts[index]()
        return total

    def nothing(self) -> Signal:
        return Signal(self.zero(), self.zero())

    def leak_linear(self, rate: float) -> Signal:
        return self.both(rate * self.t, 1.0)

    def leak_per_payment(self, rate: float) -> Signal:
        return self.both(self.payments * rate * self.minutes / max(self.payments[-1], 1), 1.0)

    def leak_per_reconnect(self, rate: float) -> Signal:
        return self.both(self.reconnects * rate * self.minutes / max(self.reconnects[-1], 1), 1.0)

    def leak_midway(self, rate: float) -> Signal:
        return self.both(rate * np.maximum(self.t - self.rng.uniform(0.2, 0.5) * self.minutes, 0), 1.0)

    def leak_arena_steps(self, rate: float) -> Signal:
        size = self.rng.uniform(1, 8) * MIB
        held = rate * self.t + self.rng.uniform(0, size)
        return Signal(np.floor(held / size) * size, rate * self.t)

    def leak_under_sawtooth(self, rate: float) -> Signal:
        return self.leak_linear(rate) + self.sawtooth(10, 60)


CLEAN: dict[str, Callable[[Scene], Signal]] = {
    "flat": Scene.nothing,
    "warm-up": Scene.warmup,
    "cache fill": Scene.cache_fill,
    "early arena steps": Scene.early_steps,
    "GC sawtooth": Scene.sawtooth,
    "madvise drops": Scene.madvise_drops,
    "reconnect spikes": Scene.reconnect_spikes,
    "AR(1)": Scene.wander,
    "mixture": Scene.mixture,
    "linear bounded cache": Scene.linear_cache,
}
LEAKS: dict[str, Callable[[Scene, float], Signal]] = {
    "linear": Scene.leak_linear,
    "per payment": Scene.leak_per_payment,
    "per reconnect": Scene.leak_per_reconnect,
    "starting midway": Scene.leak_midway,
    "arena steps": Scene.leak_arena_steps,
    "under a sawtooth": Scene.leak_under_sawtooth,
}


def clean(kind: str, minutes: float, rng: np.random.Generator) -> Simulated:
    """A leak-free run of a kind."""
    scene = Scene(rng, minutes)
    return _simulated(kind, 0.0, scene, CLEAN[kind](scene))


def leaking(kind: str, rate: float, minutes: float, rng: np.random.Generator, *, disturbed: bool = False) -> Simulated:
    """A run that leaks at a rate in KiB/min; a disturbed one also warms up, has another clean part, or both."""
    scene = Scene(rng, minutes)
    signal = LEAKS[kind](scene, rate)
    if disturbed:
        others = (scene.early_steps, scene.sawtooth, scene.madvise_drops, scene.wander)
        choice = rng.integers(3)
        if choice != 0:
            signal = signal + scene.warmup()
        if choice != 1:
            signal = signal + others[rng.integers(len(others))]()
    return _simulated(kind, rate, scene, signal)


def _simulated(kind: str, rate: float, scene: Scene, signal: Signal) -> Simulated:
    total = scene.base() + signal
    rss = np.round(total.rss / 4) * 4  # whole pages
    return Simulated(kind, rate, scene.t * 60, rss, np.round(total.heap), scene.payments, scene.reconnects)
