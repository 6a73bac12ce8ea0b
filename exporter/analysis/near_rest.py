"""Heaps of a watched program, read at their lowest between its operations: what that shows by itself."""

from dataclasses import replace

from exporter.analysis.demands import SHORTEST_FOR_LEAK_MINUTES
from exporter.analysis.evidence import Evidence
from exporter.analysis.judgement import Settings
from exporter.analysis.readings import memory_at_rest
from exporter.analysis.stretch import Stretch
from exporter.record.terms import Verdict

_HELD_MINUTES = 1.0


def memory_near_rest(stretch: Stretch, name: str, settings: Settings) -> Evidence:
    """As at rest; but nobody collects the garbage before a reading, and it may pile up for a while.

    So no leak is obvious at once, and one has to show a minute earlier too; where the run is looked at again and again,
    it has to anyway. What a program compiles and learns while it works makes a heap grow slowly and evenly: in a short
    run, growth has to be above what an acquittal excludes.
    """
    found = memory_at_rest(stretch, name, settings, at_once=False)
    if found.verdict is not Verdict.LEAK or found.trend is None:
        return found
    if found.trend.low <= settings.acquit_kib_per_min and not stretch.lasts(SHORTEST_FOR_LEAK_MINUTES):
        short = f"{found.reason}; but by too little for a run under {SHORTEST_FOR_LEAK_MINUTES:.0f} min"
        return replace(found, verdict=Verdict.INCONCLUSIVE, reason=short)
    if settings.sequential:
        return found
    earlier = stretch.without_last(_HELD_MINUTES)
    if memory_at_rest(earlier, name, settings, at_once=False).verdict is Verdict.LEAK:
        return found
    return replace(found, verdict=Verdict.INCONCLUSIVE, reason=f"{found.reason}; but it did not a minute earlier")
