"""How the series of a stretch are read: memory and counts, at rest and under load."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.demands import (
    LOOKS_IN_A_ROW,
    SEQUENTIAL_FAST,
    SHORTEST_SEQUENTIAL_MINUTES,
    Demand,
    demands_at_rest,
    demands_under_load,
    meets,
)
from exporter.analysis.ending import has_ended
from exporter.analysis.evidence import EVEN_STEPS, Evidence, Part, decided
from exporter.analysis.judgement import ANONYMOUS, RESIDENT, RESIDENT_SERIES, SHARED, Settings
from exporter.analysis.obvious import may_be_obvious_under_load
from exporter.analysis.scales import COUNT, Scale, kib
from exporter.analysis.shortly import (
    FEWEST_MORE,
    SHORTEST_AT_REST_MINUTES,
    few_at_rest,
    few_under_load,
    leak_at_once,
    rising,
)
from exporter.analysis.stretch import Stretch
from exporter.analysis.trend import trend_of_floors
from exporter.record.terms import Verdict

FEWEST_SAMPLES = 24
FEWEST_AT_REST = 10
SHORTEST_MINUTES = 5.0
_FAR_BETTER = 0.5  # of the width of an interval

Read = Callable[[Stretch, str, Settings], Evidence]


def memory_under_load(stretch: Stretch, name: str, settings: Settings, *, early: bool = True) -> Evidence:
    """The passive evidence of a column in bytes; ``early``: a short run may show a leak, if nothing is at rest.

    One that is obvious shows there anyway: in heaps, and in anonymous memory if no heap is read.
    """
    scale = kib(settings)
    found = _passive(stretch, name, scale, settings.sequential, early=early)
    if found.verdict is Verdict.LEAK or not may_be_obvious_under_load(stretch, name):
        return found
    few = few_under_load(stretch, name, scale)
    return few if few and (found.trend is None or few.verdict is Verdict.LEAK) else found


def memory_at_rest(stretch: Stretch, name: str, settings: Settings, *, at_once: bool = True) -> Evidence:
    """The settled evidence of a column in bytes; resident memory at rest may acquit, but holds what malloc keeps.

    ``at_once`` says that a leak may show within a minute or two.
    """
    scale, may_leak = kib(settings, stretch.duration), name not in RESIDENT_SERIES
    found = _settled(
        stretch, name, scale, demands_at_rest(stretch.lasts, sequential=settings.sequential) if may_leak else ()
    )
    if found.verdict is Verdict.LEAK:
        return found
    if found.trend is None and may_leak and at_once and (leak := leak_at_once(stretch, name, scale)):
        return leak
    few = few_at_rest(stretch, name, scale, may_leak=may_leak and at_once)
    return few if found.trend is None or few.verdict is Verdict.LEAK else found


def resident_memory(read: Read, stretch: Stretch, settings: Settings) -> Evidence:
    """The evidence of resident memory, by ``read`` at rest or under load.

    Of its parts where they are known: anonymous memory, and shared memory if it ever changes; file pages, which the
    kernel takes and gives, are none of the subject's doing. A leak if any is; else the one that leaves most room.
    """
    shared = stretch.values(SHARED)
    changes = shared is not None and np.nanmin(shared) < np.nanmax(shared)
    parts = (RESIDENT,) if stretch.values(ANONYMOUS) is None else (ANONYMOUS, SHARED) if changes else (ANONYMOUS,)
    found = [read(stretch, part, settings) for part in parts]
    leaks = [part for part in found if part.verdict is Verdict.LEAK]
    return leaks[0] if leaks else max(found, key=lambda part: np.inf if part.missed is None else part.missed)


def count_evidence(stretch: Stretch, name: str, settings: Settings) -> Evidence:
    """The evidence of a column of counts, at rest where there are enough such samples."""
    found = _settled(stretch, name, COUNT, demands_at_rest(stretch.lasts, sequential=settings.sequential))
    if found.trend is None:
        found = leak_at_once(stretch, name, COUNT) or _passive(stretch, name, COUNT, settings.sequential)
    trend = found.trend
    if trend is None:
        return rising(found, stretch)
    if np.ptp(trend.floors.y) < FEWEST_MORE:
        if found.verdict is not Verdict.LEAK:
            return replace(found, growing=False)
        reason = f"{found.reason}, but by fewer than {FEWEST_MORE:.0f} in all"
        return replace(found, verdict=Verdict.INCONCLUSIVE, reason=reason, growing=False)
    even = trend.low > COUNT.acquit and trend.steadiness > EVEN_STEPS
    return replace(found, growing=even and found.lasts(COUNT.acquit))


def _passive(stretch: Stretch, name: str, scale: Scale, sequential: bool, *, early: bool = True) -> Evidence:
    """By time; by the work done where that explains the growth far better: a leak per operation, at an uneven pace."""
    by_time = _passive_by(stretch.minutes, stretch, name, scale, sequential, early)
    if by_time.verdict is Verdict.NO_LEAK or by_time.trend is None or stretch.is_even:
        return by_time
    by_work = _passive_by(stretch.work, stretch, name, scale, sequential, early)
    better = by_work.trend is not None and by_work.trend.vagueness < _FAR_BETTER * by_time.trend.vagueness
    return by_work if better and by_work.verdict is not Verdict.NO_LEAK else by_time


def _passive_by(clock: Floats, stretch: Stretch, name: str, scale: Scale, sequential: bool, early: bool) -> Evidence:
    t, y = stretch.points(name, clock, settled=False)
    part = Part(stretch, t)
    enough = len(t) >= FEWEST_SAMPLES and part.lasts(SHORTEST_MINUTES)
    trend = trend_of_floors(t, y / scale.divisor, scale.step) if enough else None
    nothing = Evidence(name, False, Verdict.INCONCLUSIVE, trend, clock, part.minutes, len(t))
    early = early and not stretch.settled.any()  # else it is known better from there
    found = decided(nothing, demands_under_load(name, part.lasts, early=early, sequential=sequential), scale)
    if found.verdict is Verdict.LEAK or sequential or not part.lasts(SHORTEST_SEQUENTIAL_MINUTES + LOOKS_IN_A_ROW - 1):
        return found
    fast = decided(nothing, (SEQUENTIAL_FAST,), scale)
    return fast if fast.verdict is Verdict.LEAK and _held(t, y, scale) else found


def _held(t: Floats, y: Floats, scale: Scale) -> bool:
    """Whether fast growth showed at the looks before the last, as far as a run that goes on is asked for it."""
    for earlier in range(1, LOOKS_IN_A_ROW):
        seen = t <= t[-1] - earlier
        trend = trend_of_floors(t[seen], y[seen] / scale.divisor, scale.step)
        if trend is None or not meets(trend, SEQUENTIAL_FAST, scale.threshold):
            return False
    return True


def _settled(stretch: Stretch, name: str, scale: Scale, demands: tuple[Demand, ...]) -> Evidence:
    """By the work done first, as most leaks are leaks per operation; by time if that shows no leak."""
    by_work = _settled_by(stretch.work, stretch, name, scale, demands)
    if by_work.verdict is Verdict.LEAK or not demands:
        return by_work
    by_time = _settled_by(stretch.minutes, stretch, name, scale, demands)
    return by_time if by_time.verdict is Verdict.LEAK else by_work


def _settled_by(clock: Floats, stretch: Stretch, name: str, scale: Scale, demands: tuple[Demand, ...]) -> Evidence:
    t, y = stretch.points(name, clock, settled=True)
    part = Part(stretch, t)
    enough = len(t) >= FEWEST_AT_REST and part.lasts(SHORTEST_AT_REST_MINUTES)
    trend = trend_of_floors(t, y / scale.divisor, scale.step, wandering=False) if enough else None
    found = decided(Evidence(name, True, Verdict.INCONCLUSIVE, trend, clock, part.minutes, len(t)), demands, scale)
    if found.verdict is not Verdict.LEAK or not has_ended(t, y):
        return found
    return replace(found, verdict=Verdict.INCONCLUSIVE, reason=f"{found.reason}; but it grows no more in the end")
