"""Student's t distribution: all that the verdict takes of one, so that it needs no library as large as SciPy.

With t = √n·sinh s the density becomes Γ((n+1)/2) / (√π·Γ(n/2)) · cosh^(-n) s, which is smooth and falls off at
both ends; Gauss-Legendre nodes integrate it to nine digits, or more, for every n from 1 to 100 000.
"""

from functools import cache
from math import acosh, exp, lgamma, pi, sqrt
from statistics import NormalDist

import numpy as np

from exporter.analysis.csv_cells import Floats

_NODES = 64
_NEGLIGIBLE = 37.0  # e^-37 is less than the last digit of a share
_MOST_STEPS = 100


def cumulative(freedom: float, t: Floats) -> Floats:
    """The probability of at most ``t``, of any shape, with ``freedom`` degrees of freedom, 1 or more."""
    farthest = acosh(exp(min(_NEGLIGIBLE / freedom, _NEGLIGIBLE)))
    reach = np.minimum(np.arcsinh(np.abs(t) / sqrt(freedom)), farthest)
    nodes, weights = _gauss_legendre()
    density = np.cosh(reach[..., None] * nodes) ** -freedom
    half = _peak(freedom) * reach * (density @ weights)
    return np.asarray(0.5 + np.copysign(half, t))


@cache
def quantile(freedom: float, probability: float) -> float:
    """The t that is not exceeded with this probability, from 0.5 to below 1.

    Newton's method from the normal distribution's quantile, which is smaller: above the median the distribution is
    concave, so that it comes nearer from one side.
    """
    t = NormalDist().inv_cdf(probability)
    for _ in range(_MOST_STEPS):
        density = _peak(freedom) / sqrt(freedom) * (1 + t * t / freedom) ** (-(freedom + 1) / 2)
        step = (probability - float(cumulative(freedom, np.array(t)))) / density
        t += step
        if abs(step) <= 1e-12 * max(t, 1.0):
            break
    return t


@cache
def _gauss_legendre() -> tuple[Floats, Floats]:
    """Nodes and weights on the interval from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2


def _peak(freedom: float) -> float:
    """The density at 0, per unit of s."""
    return exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(pi)
