"""What else the series say about a growth: where it sits, when it happens, how long it can go on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from exporter.analysis.demands import SHORTEST_FOR_LEAK_MINUTES
from exporter.analysis.evidence import Evidence
from exporter.analysis.floors import Floors
from exporter.analysis.judgement import ANONYMOUS, RESIDENT, RESIDENT_SERIES, Settings
from exporter.analysis.stretch import Stretch
from exporter.analysis.trend import TAIL_SHARE
from exporter.analysis.words import cache_in_words
from exporter.record.column import Series
from exporter.record.columns import BY_NAME, of_series

_MOST = 0.8
_NEXT_TO_NOTHING = 0.1
_FEWEST_PERIODS = 3
_MUCH_BYTES = 1 << 20


def growing_part(leak: Evidence, heaps: Sequence[Evidence]) -> str:
    """Which of the subject's heaps takes the growth; empty when it is not one alone, or not known.

    ``heaps`` is the evidence of each, of the leak's kind.
    """
    if leak.trend is None or not leak.series.endswith("_bytes"):
        return ""
    parts = of_series(Series.PART)
    if leak.series in parts:
        return f"growth {BY_NAME[leak.series].side}"
    growth = leak.trend.growth.value
    rates = {heap.series: heap.trend.growth.value for heap in heaps if heap.trend is not None}
    if len(rates) < 2 or growth <= 0:
        return ""
    top = max(rates, key=lambda name: rates[name])
    others = sum(abs(rate) for name, rate in rates.items() if name != top)
    if rates[top] > _MOST * growth and others < _NEXT_TO_NOTHING * growth:
        return f"growth {BY_NAME[top].side} only: {BY_NAME[top].label} takes {rates[top]:,.1f} KiB a minute"
    if leak.series in RESIDENT_SERIES and sum(rates.values()) < _NEXT_TO_NOTHING * growth:
        return (
            "the subject's own heaps do not grow: allocator retention, stacks, or memory mapped outside the allocator"
        )
    return ""


def even_cache(leak: Evidence, stretch: Stretch) -> str:
    """What a cache would have to be like that looks the same: one that fills evenly is told from a leak by time."""
    if leak.trend is None or not leak.series.endswith("_bytes") or stretch.lasts(SHORTEST_FOR_LEAK_MINUTES):
        return ""
    return f"a cache that fills evenly looks the same until it is full: {cache_in_words(leak.trend.floors, ' KiB')}"


def growth_that_ended(shown: Evidence, missed: float | None) -> str:
    """Why the growth that is told is more than what goes on, which the bound is of."""
    trend = shown.trend
    if trend is None or missed is None or trend.growth.low <= missed:
        return ""
    when = f", most of which came before minute {trend.warmup:.0f}" if trend.warmup else ""
    told = f"this growth is that of the last {100 * (1 - TAIL_SHARE):.0f} % of the run{when}"
    return f"{told}: what goes on at its end is within the bound"


def file_pages(stretch: Stretch) -> str:
    """How far the pages of files moved, where they are told apart and that is worth a note."""
    pages = stretch.values("rss_file_bytes")
    if pages is None or stretch.values(ANONYMOUS) is None or np.nanmax(pages) - np.nanmin(pages) < _MUCH_BYTES:
        return ""
    moved = (np.nanmax(pages) - np.nanmin(pages)) / 1024**2
    return f"the pages of files moved by {moved:,.1f} MiB, which the kernel takes and gives: they are not judged"


def growth_while_failing(stretch: Stretch, leak: Evidence) -> str:
    """Whether memory grows in those periods only in which payments fail."""
    failures = stretch.values("payment_failures")
    if failures is None or leak.trend is None:
        return ""
    floors: Floors = leak.trend.floors
    known = ~np.isnan(failures)
    failed = np.diff(np.interp(floors.t, leak.clock[known], failures[known])) > 0
    if failed.sum() < _FEWEST_PERIODS or (~failed).sum() < _FEWEST_PERIODS:
        return ""
    grown = np.diff(floors.y)
    if grown[failed].sum() > 0 and grown[~failed].sum() < _NEXT_TO_NOTHING * grown[failed].sum():
        return "growth only while payments fail"
    return ""


def seconds_to_limit(stretch: Stretch, leak: Evidence, settings: Settings) -> float | None:
    """How long until the subject's memory limit is reached if growth goes on as it is; None if it never is."""
    _, y = stretch.points(RESIDENT, stretch.minutes, settled=False)
    if settings.memory_limit_bytes is None or leak.trend is None or not len(y) or not leak.series.endswith("_bytes"):
        return None
    per_second = leak.trend.growth.value * 1024 / 60
    left = settings.memory_limit_bytes - float(np.median(y[-5:]))
    return max(left, 0.0) / per_second if per_second > 0 else None


def limit_reached(stretch: Stretch, seconds: float, settings: Settings) -> str:
    """The same as a sentence, by the clock where the run has one."""
    limit = f"the memory limit of {(settings.memory_limit_bytes or 0) / 1024**2:,.0f} MiB is reached"
    minutes = int(seconds // 60)
    when = f"in {minutes // 60} h {minutes % 60:02d} min"
    try:
        at = datetime.fromisoformat(stretch.run.last_timestamp) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return f"{limit} {when} at this rate"
    return f"{limit} at about {at:%H:%M} on {at:%Y-%m-%d}, {when}, at this rate"
