"""The doubling protocol: the same load twice, or more of it each time, with the memory read at rest in between.

A cache that filled in the first phase adds almost nothing in the next; a leak adds as much per payment again.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import NormalDist

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.evidence import Evidence
from exporter.analysis.judgement import Doubling, Interval, Settings
from exporter.analysis.stretch import Stretch
from exporter.record.columns import BY_NAME
from exporter.record.sample import READINGS_PER_PHASE, REPEATABLE_BYTES
from exporter.record.terms import Verdict

_ONE_SIDED_99 = NormalDist().inv_cdf(0.99)
_TWO_SIDED_95 = NormalDist().inv_cdf(0.975)
_MEDIAN_TO_DEVIATION = 1.4826
_MEDIAN_INEFFICIENCY = 1.2533  # the standard error of a median over that of a mean, for normal noise
_PAGE_BYTES = 4096.0
_FEWEST_READINGS = 3
_FEWEST_POINTS = 3  # before the first phase, and after two
_KIB = 1024.0


def doubling_of(stretch: Stretch, series: Sequence[str], settings: Settings) -> dict[str, Doubling]:
    """Judge those of the heaps ``series`` that there are by the phases of the load, which end with readings at rest.

    Nothing for a load without phases, or one that still goes on. Growth matters if it is more per minute than
    ``settings`` say, at the average pace of the payments.
    """
    phases, payments = stretch.values("load_phase"), stretch.values("payments")
    if phases is None or payments is None or settings.sequential:
        return {}
    columns = {name: values for name in series if (values := stretch.values(name)) is not None}
    return {name: _of_heap(name, values, phases, payments, stretch, settings) for name, values in columns.items()}


def with_phases(evidence: Evidence, found: Doubling | None, stretch: Stretch) -> Evidence:
    """What a heap at rest shows in the light of its doubling, which decides where the trend does not.

    Where each has decided otherwise, the leak stands if the other's bound leaves room for it; else nothing is decided.
    A leak by the phases does not stand either beside a trend that may be none at all.
    """
    if found is None or found.last is None or found.verdict in (Verdict.INCONCLUSIVE, evidence.verdict):
        return evidence
    low, high = (bound * stretch.pace / _KIB for bound in (found.last.low, found.last.high))
    decided = replace(evidence, verdict=found.verdict, reason=found.reason)
    if found.verdict is Verdict.NO_LEAK:
        if evidence.verdict is Verdict.INCONCLUSIVE:
            return replace(decided, missed=max(high, 0.0))
        agreed = evidence if evidence.trend and evidence.trend.low <= high else None
    else:
        room = evidence.missed is None or low <= evidence.missed
        agreed = decided if room and (evidence.trend is None or evidence.trend.low > 0) else None
    return agreed or replace(evidence, verdict=Verdict.INCONCLUSIVE, reason=f"{evidence.reason}; but {found.reason}")


def judge_doubling(
    readings: Sequence[Floats],
    payments: Sequence[float],
    least_bytes: float = 64.0,
    acquit_bytes: float = 64.0,
    lasting_share: float = 2 / 3,
) -> Doubling:
    """Judge phases of equal or growing length.

    ``readings`` are bytes read at rest, shape (repeats,): before the first phase and after each one; ``payments``
    counts each phase's. Growth is shown by a phase that added more than ``least_bytes`` per payment, and more in all
    than readings may differ by. It is a leak if the last two phases show it, and the last one has added at least
    ``lasting_share`` of what the first did; where the last does not show it, an acquittal excludes ``acquit_bytes``.
    Raises ValueError if the two do not fit.
    """
    if len(payments) < 2 or len(readings) != len(payments) + 1 or min(payments) <= 0 or min(map(len, readings)) < 2:
        raise ValueError("doubling needs two phases or more, payments in each, and readings before and after each")
    noise = _pooled_deviation(readings)
    levels = [float(np.median(values)) for values in readings]
    each = [noise * _MEDIAN_INEFFICIENCY / math.sqrt(len(values)) for values in readings]
    errors = [math.hypot(before, after) for before, after in pairwise(each)]
    rates = [(after - before) / count for (before, after), count in zip(pairwise(levels), payments, strict=True)]
    deviations = [error / count for error, count in zip(errors, payments, strict=True)]
    growth = tuple(_around(rate, _TWO_SIDED_95 * error) for rate, error in zip(rates, deviations, strict=True))
    first = rates[0]
    before, last = (_around(rates[phase], _ONE_SIDED_99 * deviations[phase]) for phase in (-2, -1))
    told = (
        f"the first phase added {first:,.0f} bytes per payment, "
        f"the last {last.value:,.0f} ({last.low:,.0f} to {last.high:,.0f})"
    )
    added = np.diff(levels)
    shown = last.low > least_bytes and added[-1] > REPEATABLE_BYTES
    # A leak shows again and again: a warm-up of the first minute, or something that came late, but once.
    twice = shown and before.low > least_bytes and added[-2] > REPEATABLE_BYTES
    if twice and last.value >= lasting_share * first:
        return Doubling(Verdict.LEAK, growth, last, f"{told}: it goes on")
    if not shown and last.high < acquit_bytes:
        small = last.low > least_bytes
        why = "no more in all than readings may differ by" if small else "what was added once is not added again"
        return Doubling(Verdict.NO_LEAK, growth, last, f"{told}: {why}")
    why = "neither the same again nor nothing"
    if shown and not twice:
        why = "the phase before it shows none"
    elif not shown and last.high >= lasting_share * first:
        why = "too uncertain to tell the same again from nothing"
    return Doubling(Verdict.INCONCLUSIVE, growth, last, f"{told}: {why}")


def _of_heap(
    name: str, values: Floats, phases: Floats, payments: Floats, stretch: Stretch, settings: Settings
) -> Doubling:
    at_rest = stretch.settled & ~np.isnan(values) & ~np.isnan(payments)
    numbers = np.unique(phases[~np.isnan(phases)])
    rows = [np.flatnonzero(at_rest & (phases == number))[-READINGS_PER_PHASE:] for number in numbers]
    if len(rows) < _FEWEST_POINTS or min(map(len, rows)) < _FEWEST_READINGS:
        return Doubling(Verdict.INCONCLUSIVE, (), None, f"{BY_NAME[name].label} was not read at rest after two phases")
    made = np.diff([np.median(payments[group]) for group in rows])
    if made.min() <= 0:
        return Doubling(Verdict.INCONCLUSIVE, (), None, f"{BY_NAME[name].label}: a phase is without payments")
    per_payment = _KIB / stretch.pace
    found = judge_doubling(
        [values[group] for group in rows],
        made.tolist(),
        settings.threshold_kib_per_min * per_payment,
        settings.acquit_kib_per_min * per_payment,
    )
    return replace(found, reason=f"{BY_NAME[name].label}: {found.reason}")


def _around(value: float, reach: float) -> Interval:
    return Interval(value, value - reach, value + reach)


def _pooled_deviation(readings: Sequence[Floats]) -> float:
    """The noise of one reading: the median distance from its own point's median, at least a page."""
    # The reading that is the median is at no distance from itself, which says nothing of the noise.
    distances = np.concatenate([np.sort(np.abs(values - np.median(values)))[1:] for values in readings])
    return max(float(np.median(distances)) * _MEDIAN_TO_DEVIATION, _PAGE_BYTES)
