"""Simulated short runs with samples at rest, with the noise that the real SDK's heaps show there.

Seen on it: the Python heap is flat to a few KiB; the native heap is flat to about 100 KiB, but for one reading in four
that is up to 600 KiB higher, as connections are being made anew.
"""

from dataclasses import dataclass

import numpy as np

from exporter.analysis.series import Run

KINDS = (
    "clean",
    "clean reconnects",
    "clean, large warm-up",
    "clean, cache filling",
    "256 bytes a payment",
    "1 KiB a payment",
    "abandoned instances",
)
_PAYMENTS_PER_RECONNECT = 20
_ABANDONED_BYTES = 430 * 1024


@dataclass(frozen=True, slots=True)
class AtRest:
    """A simulated run and whether it leaks."""

    run: Run
    leaks: bool


def at_rest(kind: str, minutes: float, rng: np.random.Generator) -> AtRest:
    """A run of a kind at a pace between 70 and 600 payments a minute, a sample at rest about every 8 s."""
    seconds = np.arange(0.0, minutes * 60 + 1)
    payments = np.cumsum(rng.poisson(rng.uniform(70, 600) / 60, len(seconds))).astype(np.float64)
    reconnects = (
        np.floor(payments / _PAYMENTS_PER_RECONNECT) if kind in (KINDS[1], KINDS[-1]) else np.zeros_like(seconds)
    )
    settled = rng.random(len(seconds)) < 1 / 8
    python = 15e6 + 3e3 * rng.standard_normal(len(seconds)) + _settling(seconds, rng.uniform(5e3, 4e4), rng)
    native = 8.5e6 + 6e4 * np.abs(rng.standard_normal(len(seconds))) + _settling(seconds, rng.uniform(1e5, 6e5), rng)
    native += (rng.random(len(seconds)) < 0.25) * rng.uniform(0, 6e5, len(seconds))
    native += ~settled * rng.uniform(0, 1.2e6, len(seconds))
    python += ~settled * rng.uniform(0, 1e4, len(seconds))
    match kind:
        case "clean, large warm-up":
            native += rng.uniform(2e6, 3e7) * (1 - np.exp(-seconds / 60 / rng.uniform(1, 15)))
        case "clean, cache filling":
            constant = rng.uniform(10, 1000)
            native += rng.uniform(5e5, 1e7) * np.log1p(payments / constant) / np.log1p(5000 / constant)
        case "256 bytes a payment":
            python += 256 * payments
        case "1 KiB a payment":
            native += 1024 * payments
        case "abandoned instances":
            native += _ABANDONED_BYTES * reconnects
    resident = 54e6 + np.maximum.accumulate(python + native - python[0] - native[0]) + _settling(seconds, 1e6, rng)
    run = Run.of(
        kind,
        elapsed_sec=seconds,
        rss_bytes=np.round(resident / 4096) * 4096,
        heap_allocated_bytes=python + native,
        heap_python_bytes=python,
        heap_native_bytes=native,
        payments=payments,
        reconnects=reconnects,
        settled=settled.astype(np.float64),
    )
    return AtRest(run, not kind.startswith("clean"))


def _settling(seconds: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(size * (1 - np.exp(-seconds / rng.uniform(10, 90))))
