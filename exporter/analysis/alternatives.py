"""How probable it is that growth goes on, when growth that levels off would explain the series as well.

A series is explained as a + b·t + c·g(t) + d·h(t), where g and h are shapes that level off, or as a plain line.
Every explanation gets a weight by the Bayesian information criterion, with the number of points reduced to what
their autocorrelation leaves; the weights average what the explanations say of b, the growth that remains.
"""

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.csv_cells import Floats
from exporter.analysis.student import cumulative

# Time constants, exponents and bends are shares of the run's length.
# Close together: with coarser ones, what a warm-up leaves unexplained passes for noise.
_EXPONENTIALS = tuple(np.geomspace(0.015, 0.7, 16).tolist())
_SLOW_EXPONENTIALS = (1.0, 1.7, 3.0, 5.0)
_LOGARITHMS = (0.005, 0.02, 0.08, 0.3)
_POWERS = (0.25, 0.5)
_BENDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_LONGEST_WARMUP_MINUTES = 16.0  # warm-ups with time constants of up to 15 min are known
_TWICE_AS_LONG = np.array([1.99, 2.01])  # about the end of a run of twice the length
_PARAMETERS_PER_SHAPE = 2  # its size and its place
_RIDGE = 1e-8
_HIGHEST_AUTOCORRELATION = 0.95
_LEAST_WEIGHT = 1e-4  # of the best explanation's
_STRAIGHT = 0.02  # of all that the points span: what levels off of it is rounding to pages, or noise


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What all explanations together say of the growth that remains; arrays of shape (explanations,).

    ``growth`` is that of the line alone, ``later`` what an explanation says of the end of a run twice as long: a
    logarithm levels off and never ends.
    """

    weights: Floats
    growth: Floats
    later: Floats
    errors: Floats
    freedom: float
    warmup: float

    @property
    def afterwards(self) -> Self:
        """The same of the growth at the end of a run twice as long."""
        return replace(self, growth=self.later)

    def probability_above(self, growth: float) -> float:
        """The probability that the growth that remains is above this, per minute."""
        return float(self.weights @ cumulative(self.freedom, (self.growth - growth) / self.errors))

    def upper_bound(self, probability: float) -> float:
        """The growth that is exceeded with this probability only, found by bisection."""
        low = float((self.growth - 10 * self.errors).min())
        high = float((self.growth + 10 * self.errors).max())
        for _ in range(20):
            middle = (low + high) / 2
            low, high = (middle, high) if self.probability_above(middle) > probability else (low, middle)
        return high


def alternatives(t: Floats, y: Floats) -> Alternatives:
    """Explain the points ``y`` at ``t`` minutes, both of shape (points,), t rising; ``warmup`` counts from t[0]."""
    n = len(t)
    span = float(t[-1] - t[0])
    scale = float(y.std()) or 1.0
    response = (y - y.mean()) / scale
    x = (t - t[0]) / span
    slow = [constant for constant in _SLOW_EXPONENTIALS if constant * span <= _LONGEST_WARMUP_MINUTES]
    exponentials = (*_EXPONENTIALS, *slow)
    columns = np.vstack((x, _shapes(x, exponentials)))
    smooth = len(exponentials) + len(_LOGARITHMS) + len(_POWERS)
    columns -= columns.mean(axis=1, keepdims=True)
    gram, products = columns @ columns.T, columns @ response
    members, used = _explanations(len(columns) - 1)
    normal = gram[members[:, :, None], members[:, None, :]] * (used[:, :, None] & used[:, None, :])
    normal += np.where(used, _RIDGE, 1.0)[:, :, None] * np.eye(3)
    inverse = np.linalg.inv(normal)
    sides = products[members] * used
    coefficients = np.einsum("gij,gj->gi", inverse, sides)
    natural = ~((coefficients < 0) & (members > 0) & (members <= smooth) & used).any(axis=1)
    # A lone smooth shape may be turned down: growth that sets in late.
    natural |= used.sum(axis=1) < 3
    squares = np.maximum(n - np.einsum("gi,gi->g", coefficients, sides), 1e-10 * n)
    parameters = 2 + _PARAMETERS_PER_SHAPE * (used.sum(axis=1) - 1)
    best = int(np.where(natural, n * np.log(squares) + parameters * np.log(n), np.inf).argmin())
    excess = coefficients[best, 1:] * used[best, 1:] @ columns[members[best, 1:]]
    effective = _effective_points(response - coefficients[best, 0] * columns[0] - excess)
    criterion = np.where(natural, effective * np.log(squares / n) + parameters * np.log(effective), np.inf)
    weights = np.exp(-0.5 * (criterion - criterion.min()))
    freedom = max(effective - 4, 1.0)
    errors = np.sqrt(squares * inverse[:, 0, 0] / freedom)
    unit = scale / span
    slopes = np.concatenate(([1.0], np.diff(_shapes(_TWICE_AS_LONG, exponentials))[:, 0] / np.ptp(_TWICE_AS_LONG)))
    matter = weights > _LEAST_WEIGHT
    return Alternatives(
        weights[matter] / weights[matter].sum(),
        coefficients[matter, 0] * unit,
        (coefficients * slopes[members] * used).sum(axis=1)[matter] * unit,
        errors[matter] * unit,
        freedom,
        _settling_time(t, excess, float(np.ptp(response))),
    )


def _shapes(x: Floats, time_constants: tuple[float, ...]) -> Floats:
    """Shapes that level off, of shape (shapes, points), smooth ones first; ``x`` runs from 0 to 1."""
    exponentials = [1 - np.exp(-x / constant) for constant in time_constants]
    logarithms = [np.log1p(x / constant) for constant in _LOGARITHMS]
    powers = [x**power for power in _POWERS]
    hinges = [np.minimum(x, bend) for bend in _BENDS]
    return np.array(exponentials + logarithms + powers + hinges)


@cache
def _explanations(count: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Which of the line and ``count`` shapes each explanation has, (explanations, 3), and which places it uses."""
    shapes = range(1, count + 1)
    chosen = [(), *((shape,) for shape in shapes), *combinations(shapes, 2)]
    members = np.zeros((len(chosen), 3), dtype=np.intp)
    used = np.zeros((len(chosen), 3), dtype=np.bool_)
    used[:, 0] = True
    for row, picked in enumerate(chosen):
        members[row, 1 : 1 + len(picked)] = picked
        used[row, 1 : 1 + len(picked)] = True
    return members, used


def _effective_points(residuals: Floats) -> float:
    """How many independent points the residuals amount to."""
    energy = float(residuals @ residuals)
    rho = float(residuals[:-1] @ residuals[1:]) / energy if energy else 0.0
    rho = min(max(rho, 0.0), _HIGHEST_AUTOCORRELATION)
    return max(len(residuals) * (1 - rho) / (1 + rho), 5.0)


def _settling_time(t: Floats, excess: Floats, span: float) -> float:
    """When nine tenths of what levels off are there; 0 when next to nothing of the span does."""
    reach = float(np.ptp(excess))
    if reach <= _STRAIGHT * span:
        return 0.0
    unsettled = np.flatnonzero(np.abs(excess - excess[-1]) > 0.1 * reach)
    return float(t[min(unsettled[-1] + 1, len(t) - 1)] - t[0]) if len(unsettled) else 0.0
