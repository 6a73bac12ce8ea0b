"""The slope of a series whose noise may be anything from independent to a random walk.

Quasi-differenced generalised least squares after Perron and Yabu, "Estimating deterministic trends with an integrated
or stationary noise component", Journal of Econometrics 151 (2009): the AR(1) coefficient is corrected for its bias
after Roy and Fuller (2001) and set to 1 when it is near 1, so that the t statistic is normal in either case.
"""

from dataclasses import dataclass

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.judgement import Interval
from exporter.analysis.student import quantile

FEWEST_POINTS = 6
_HIGHEST_UNLESS_WANDERING = 0.9


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope per unit of t, its standard error, the degrees of freedom and the AR(1) coefficient used."""

    value: float
    error: float
    freedom: int
    phi: float

    def bounds(self, coverage: float) -> Interval:
        """The two-sided interval of a coverage such as 0.95."""
        reach = quantile(self.freedom, 0.5 + coverage / 2) * self.error
        return Interval(self.value, self.value - reach, self.value + reach)


def slope(t: Floats, y: Floats, *, wandering: bool = True) -> Slope:
    """The slope of ``y`` against ``t``, both of shape (points,), at least six points.

    ``wandering`` says that the noise may be a random walk, which few points cannot rule out; otherwise their
    autocorrelation is taken as it looks.
    """
    phi = _autocorrelation(t, y, wandering)
    if phi >= 1:
        # A random walk's step has a variance in proportion to its length.
        apart = np.diff(t) > 0
        steps = np.sqrt(np.diff(t)[apart])
        level, time, response = np.zeros(len(steps)), steps, np.diff(y)[apart] / steps
    else:
        first = np.sqrt(1 - phi * phi)
        level, time, response = (
            np.concatenate(([first * values[0]], values[1:] - phi * values[:-1]))
            for values in (np.ones(len(t)), t - t[0], y - y[0])
        )
    # The level is taken out of both sides first, so that what is left has one unknown.
    weight = float(level @ level)
    if weight > 0:
        time = time - level * (float(level @ time) / weight)
        response = response - level * (float(level @ response) / weight)
    spread = float(time @ time)
    value = float(time @ response) / spread if spread > 0 else 0.0
    residuals = response - value * time
    freedom = max(len(response) - (2 if weight > 0 else 1), 1)
    error = np.sqrt(float(residuals @ residuals) / freedom / spread) if spread > 0 else np.inf
    return Slope(value, float(error), freedom, phi)


def _autocorrelation(t: Floats, y: Floats, wandering: bool) -> float:
    """The AR(1) coefficient of the detrended series; if it may wander bias-corrected, and 1 when too near to 1."""
    n = len(t)
    residuals = detrend(t, y)
    before, after = residuals[:-1], residuals[1:]
    energy = float(before @ before)
    if energy <= 0:
        return 0.0
    phi = float(before @ after) / energy
    if not wandering:
        return min(max(phi, 0.0), _HIGHEST_UNLESS_WANDERING)
    errors = after - phi * before
    deviation = float(np.sqrt(errors @ errors / max(n - 2, 1) / energy))
    if deviation > 0:
        phi += deviation * _roy_fuller((phi - 1) / deviation, n)
    if abs(phi - 1) < 1 / np.sqrt(n) or phi > 1:
        return 1.0
    return max(phi, 0.0)


def _roy_fuller(tau: float, n: int) -> float:
    """Their correction C(tau) for an AR(1) around a trend, with the median of tau under a unit root."""
    median, reach, order = -1.96, 10.0, 3
    if tau > median:
        return -tau
    if tau > -reach:
        bend = (order * n - median**2 * (1 + n)) / (median * (reach + median) * (1 + n))
        return tau / n - order / (tau + bend * (tau + reach))
    if tau > -np.sqrt(order * n):
        return tau / n - order / tau
    return 0.0


def line(t: Floats, y: Floats) -> float:
    """The slope of an ordinary least squares line; 0 where all is at one time."""
    x = t - t.mean()
    spread = float(x @ x)
    return float(x @ y) / spread if spread else 0.0


def detrend(t: Floats, y: Floats) -> Floats:
    """What is left of ``y`` after an ordinary least squares line."""
    return np.asarray(y - y.mean() - line(t, y) * (t - t.mean()))
