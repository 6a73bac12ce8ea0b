"""What a run of a minute or two shows of one series, before there are floors and a tail."""

from dataclasses import replace

import numpy as np

from exporter.analysis.demands import AT_REST_AT_ONCE
from exporter.analysis.ending import has_ended
from exporter.analysis.evidence import Evidence, Part, decided, label_of
from exporter.analysis.few import (
    FEWEST_READINGS,
    FEWEST_TO_ACQUIT,
    SHORTEST_FOR_FEW_MINUTES,
    trend_of_few,
    without_strays,
)
from exporter.analysis.obvious import (
    FEWEST_UNDER_LOAD,
    SHORTEST_COUNTED_MINUTES,
    is_fast,
    is_obvious_under_load,
    obvious_at_rest,
    once_started,
    shortest_under_load,
)
from exporter.analysis.scales import Scale
from exporter.analysis.stretch import Stretch
from exporter.analysis.trend import trend_of_floors
from exporter.analysis.words import filling_in_words, growth_in_words
from exporter.record.terms import Verdict

SHORTEST_AT_REST_MINUTES = 2.0
FEWEST_MORE = 10.0  # descriptors or threads that a leak must have added
_FEWEST_AT_ONCE = 8
_SHORTEST_AT_ONCE_MINUTES = 1.5
_AT_ONCE_FROM = 0.2  # of the run: a later tail would have too few readings


def leak_at_once(stretch: Stretch, name: str, scale: Scale) -> Evidence | None:
    """The evidence of a leak that shows before there are floors and a tail; None where none does."""
    for clock in (stretch.work, stretch.minutes):
        t, y = stretch.points(name, clock, settled=True)
        part = Part(stretch, t)
        if len(t) < _FEWEST_AT_ONCE or not part.lasts(_SHORTEST_AT_ONCE_MINUTES):
            continue
        trend = trend_of_floors(t, y / scale.divisor, scale.step, wandering=False, tail_from=_AT_ONCE_FROM)
        found = Evidence(name, True, Verdict.INCONCLUSIVE, trend, clock, part.minutes, len(t))
        found = decided(found, AT_REST_AT_ONCE, scale)
        if found.verdict is Verdict.LEAK and not has_ended(t, y):
            return found
    return None


def few_at_rest(stretch: Stretch, name: str, scale: Scale, *, may_leak: bool) -> Evidence:
    """What can be said at once, or of a run that is too short for floors."""
    t, y = stretch.points(name, stretch.work, settled=True)
    part = Part(stretch, stretch.points(name, stretch.minutes, settled=True)[0])
    enough = len(t) >= FEWEST_READINGS and part.lasts(SHORTEST_FOR_FEW_MINUTES) and t[-1] > t[0]
    trend = trend_of_few(*without_strays(t, y / scale.divisor), scale.step) if enough else None
    found = Evidence(name, True, Verdict.INCONCLUSIVE, trend, stretch.work, part.minutes, len(t))
    if trend is None:
        return decided(found, (), scale)
    told = growth_in_words(found.label, trend, scale)
    if may_leak and (why := obvious_at_rest(trend, stretch, name)):
        return replace(found, verdict=Verdict.LEAK, reason=f"{told}, {why}")
    found = replace(found, missed=max(trend.high, trend.resolution))
    acquits = len(t) >= FEWEST_TO_ACQUIT and part.lasts(SHORTEST_AT_REST_MINUTES) and trend.low <= scale.threshold
    if acquits and found.missed is not None and found.missed < scale.acquit:
        return replace(found, verdict=Verdict.NO_LEAK, reason=found.bound_in_words())
    if trend.growth.low > scale.threshold:
        return replace(found, reason=f"{told}, which so shortly may still be {filling_in_words(trend.floors, scale)}")
    return replace(found, reason=f"{told}, by too few readings, or over too short a time, to tell")


def few_under_load(stretch: Stretch, name: str, scale: Scale) -> Evidence | None:
    """What fast growth shows in a run that is short for floors, by the work done; None where there is none."""
    t, y = stretch.points(name, stretch.work, settled=False)
    part = Part(stretch, t)
    if not part.lasts(SHORTEST_COUNTED_MINUTES):
        return None
    started = once_started(t, y / scale.divisor)
    if len(started) < FEWEST_UNDER_LOAD or started.t[0] == started.t[-1]:
        return None
    trend = trend_of_few(started.t, started.y, scale.step)
    if not is_fast(trend):
        return None
    found = Evidence(name, False, Verdict.INCONCLUSIVE, trend, stretch.work, part.minutes, len(t))
    told = growth_in_words(found.label, trend, scale)
    if part.lasts(shortest_under_load(stretch)) and is_obvious_under_load(trend, scale.threshold):
        return replace(found, verdict=Verdict.LEAK, reason=f"{told}, far above all noise, and what it held before")
    return replace(found, reason=f"{told}, which so shortly may still be {filling_in_words(trend.floors, scale)}")


def rising(found: Evidence, stretch: Stretch) -> Evidence:
    """The same of a count that has no trend yet: growing if readings at rest only ever add to it, to the end."""
    _, y = stretch.points(found.series, stretch.minutes, settled=True)
    if len(y) < FEWEST_READINGS or y[-1] - y[0] < FEWEST_MORE or (np.diff(y) < 0).any() or y[-1] == y[len(y) // 2]:
        return found
    reason = f"{label_of(found.series, True)} only rises, by {y[-1] - y[0]:.0f} in {len(y)} readings: too few to judge"
    return replace(found, growing=True, reason=reason)
