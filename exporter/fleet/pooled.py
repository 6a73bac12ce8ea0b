"""Estimates of several runs as one, and differences between such, with many comparisons accounted for.

Random effects: runs differ by more than the noise within each. The variance between them is after Paule and Mandel,
"Consensus values and weighting factors", Journal of Research of the NBS 87 (1982); the interval after Hartung and
Knapp, Statistics in Medicine 20 (2001), never narrower than without a variance between runs (Röver, Knapp and Friede,
BMC Medical Research Methodology 15, 2015), so that few runs that agree by chance don't claim too much.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from exporter.analysis.judgement import Interval
from exporter.analysis.student import cumulative, quantile

_NORMAL_95 = 1.96
_LIKE_NORMAL = 10_000  # degrees of freedom, from which on Student's t is the normal distribution to four digits
_STEPS = 60  # of a bisection: as many as a float has digits


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error and degrees of freedom, infinite for the normal distribution."""

    value: float
    error: float
    freedom: float = math.inf

    @property
    def interval(self) -> Interval:
        """The two-sided 95 % interval."""
        reach = _NORMAL_95 if self.freedom > _LIKE_NORMAL else quantile(self.freedom, 0.975)
        return Interval(self.value, self.value - reach * self.error, self.value + reach * self.error)


def pool(runs: Sequence[Interval]) -> Estimate | None:
    """One estimate of the 95 % intervals of runs; None without any."""
    if not runs:
        return None
    values = [run.value for run in runs]
    errors = [max((run.high - run.low) / 2 / _NORMAL_95, 1e-9 * max(1.0, abs(run.value))) for run in runs]
    if len(runs) == 1:
        return Estimate(values[0], errors[0])
    between = _between(values, errors)
    weights = [1 / (error**2 + between) for error in errors]
    centre = _mean(values, weights)
    freedom = len(runs) - 1
    spread = _spread(values, weights) / freedom
    return Estimate(centre, math.sqrt(max(spread, 1.0) / sum(weights)), freedom)


def _between(values: Sequence[float], errors: Sequence[float]) -> float:
    """The variance between runs for which their weighted spread is what chance makes of it; 0 where that is less."""
    freedom = len(values) - 1

    def spread(variance: float) -> float:
        return _spread(values, [1 / (error**2 + variance) for error in errors])

    low, high = 0.0, (max(values) - min(values)) ** 2
    if spread(low) <= freedom:
        return 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if spread(middle) > freedom else (low, middle)
    return high


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _spread(values: Sequence[float], weights: Sequence[float]) -> float:
    centre = _mean(values, weights)
    return sum(weight * (value - centre) ** 2 for value, weight in zip(values, weights, strict=True))


def difference(a: Estimate, b: Estimate) -> tuple[Estimate, float]:
    """B less A, and the probability of as large a difference either way if there is none (Welch's test)."""
    error = math.hypot(a.error, b.error)
    rest = sum(each.error**4 / each.freedom for each in (a, b))
    freedom = error**4 / rest if rest else math.inf
    found = Estimate(b.value - a.value, error, freedom)
    distance = -abs(found.value) / error
    tail = NormalDist().cdf(distance) if freedom > _LIKE_NORMAL else float(cumulative(freedom, np.array(distance)))
    return found, min(2 * tail, 1.0)


def holm(probabilities: Sequence[float]) -> list[float]:
    """The same, each as large as it has to be for all of them to be read at once (Holm, Scand. J. Statist. 6, 1979)."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    adjusted = [0.0] * len(probabilities)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min((len(order) - rank) * probabilities[index], 1.0))
        adjusted[index] = largest
    return adjusted
