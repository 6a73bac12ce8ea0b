"""The code that allocated what stayed, from two heap dumps of a run."""

from pathlib import Path

from exporter.heaps.diff import diff_dumps
from exporter.report.runs import AllocationSite

_MOST_SITES = 15
_MOST_FRAMES = 4


def allocation_sites(before: Path, after: Path) -> list[AllocationSite]:
    """The sites that grew most between two dumps, the largest first; raises ConfigError for a file that is none."""
    found = diff_dumps(before, after)
    return [
        AllocationSite(
            " < ".join(str(frame) for frame in site.frames[:_MOST_FRAMES]),
            site.heap,
            change.size,
            change.size / found.payments if found.payments else None,
        )
        for site, change in found.grown[:_MOST_SITES]
    ]
