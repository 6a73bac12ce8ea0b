"""The doubling protocol: the same load twice, or more of it each time, with the memory read at rest in between.

A cache that filled in the first phase adds almost nothing in the next; a leak adds as much per operation again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import ndtri

from exporter.analysis.csv_cells import Floats
from exporter.analysis.judgement import Interval, Verdict

_ONE_SIDED_99 = float(ndtri(0.99))
_TWO_SIDED_95 = float(ndtri(0.975))
_MEDIAN_TO_DEVIATION = 1.4826
_MEDIAN_INEFFICIENCY = 1.2533  # the standard error of a median over that of a mean, for normal noise
_PAGE_BYTES = 4096.0


@dataclass(frozen=True, slots=True)
class Doubling:
    """The verdict, each phase's growth in bytes per operation with its 95 % interval, and the reason."""

    verdict: Verdict
    growth: tuple[Interval, ...]
    reason: str


def judge_doubling(
    readings: Sequence[Floats], operations: Sequence[int], least_bytes: float = 64.0, lasting_share: float = 0.5
) -> Doubling:
    """Judge phases of equal or growing length.

    ``readings`` are bytes read at rest, shape (repeats,): before the first phase and after each one; ``operations``
    counts each phase's. Growth below ``least_bytes`` per operation does not matter; a leak keeps up at least
    ``lasting_share`` of its first phase's growth. Raises ValueError if the two do not fit.
    """
    if len(operations) < 2 or len(readings) != len(operations) + 1 or min(operations) < 1:
        raise ValueError("doubling needs two phases or more, and readings before and after each")
    noise = _pooled_deviation(readings)
    levels = [float(np.median(values)) for values in readings]
    each = [noise * _MEDIAN_INEFFICIENCY / math.sqrt(len(values)) for values in readings]
    errors = [math.hypot(before, after) for before, after in pairwise(each)]
    rates = [(after - before) / count for (before, after), count in zip(pairwise(levels), operations, strict=True)]
    deviations = [deviation / count for deviation, count in zip(errors, operations, strict=True)]
    growth = tuple(
        Interval(rate, rate - _TWO_SIDED_95 * deviation, rate + _TWO_SIDED_95 * deviation)
        for rate, deviation in zip(rates, deviations, strict=True)
    )
    first, last = rates[0], rates[-1]
    low, high = last - _ONE_SIDED_99 * deviations[-1], last + _ONE_SIDED_99 * deviations[-1]
    told = f"the first phase added {first:.0f} bytes per operation, the last {last:.0f} ({low:.0f} to {high:.0f})"
    if low > least_bytes and last >= lasting_share * first:
        return Doubling(Verdict.LEAK, growth, f"{told}: it goes on")
    if high < least_bytes:
        return Doubling(Verdict.NO_LEAK, growth, f"{told}: what was added once is not added again")
    return Doubling(Verdict.INCONCLUSIVE, growth, f"{told}: neither the same again nor nothing")


def _pooled_deviation(readings: Sequence[Floats]) -> float:
    """The noise of one reading: the median distance from its own point's median, at least a page."""
    distances = np.concatenate([np.abs(values - np.median(values)) for values in readings])
    return max(float(np.median(distances)) * _MEDIAN_TO_DEVIATION, _PAGE_BYTES)
