"""Two other rules, on the rows that the product judges by: a straight line, and Mann-Kendall's test.

Source of the first: the reference harness, which calls growth of resident memory above 100 KiB/min with R² above 0.7 a
leak. The second is the usual advice for a trend in a series: Mann-Kendall's test at 5 % with the slope of Theil and
Sen, here above what the product itself counts as growth that matters.
"""

from dataclasses import dataclass

from scipy.stats import kendalltau, linregress, theilslopes

from exporter.analysis.judgement import RESIDENT, Settings
from exporter.analysis.series import Run
from exporter.record.terms import Verdict

_STEEP_KIB_PER_MIN, _STRAIGHT = 100.0, 0.7
_RARE = 0.05
_FEWEST = 10


@dataclass(frozen=True, slots=True)
class Line:
    """What a rule says of resident memory: growth in KiB/min, and how well it fits (R²) or how rare it is (p).

    Inconclusive, and not a number, below ten samples.
    """

    verdict: Verdict
    kib_per_min: float
    fit: float


_TOO_FEW = Line(Verdict.INCONCLUSIVE, float("nan"), float("nan"))


def straight_line(run: Run) -> Line:
    """The reference harness's rule: least squares through all samples."""
    if len(run) < _FEWEST:
        return _TOO_FEW
    fitted = linregress(*_memory(run))
    explained = float(fitted.rvalue) ** 2
    leak = fitted.slope > _STEEP_KIB_PER_MIN and explained > _STRAIGHT
    return Line(Verdict.LEAK if leak else Verdict.NO_LEAK, float(fitted.slope), explained)


def mann_kendall(run: Run) -> Line:
    """Mann-Kendall's test, which is Kendall's rank correlation with time, and the slope of Theil and Sen."""
    if len(run) < _FEWEST:
        return _TOO_FEW
    minutes, kib = _memory(run)
    slope, rare = float(theilslopes(kib, minutes)[0]), float(kendalltau(minutes, kib).pvalue)
    leak = rare < _RARE and slope > Settings().threshold_kib_per_min
    return Line(Verdict.LEAK if leak else Verdict.NO_LEAK, slope, rare)


def _memory(run: Run) -> tuple[list[float], list[float]]:
    return list(run.columns["elapsed_sec"] / 60), list(run.columns[RESIDENT] / 1024)
