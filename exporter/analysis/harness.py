"""The verdict of the Go or the Rust harness on a run of its own, by its own rule.

One line through all samples of resident memory, the first included: a leak if it rises by more than 100 KiB a minute
with R² above 0.7. The Go harness calls goroutines that have more than doubled a leak, too. Source: both programs.
"""

from collections.abc import Mapping

import numpy as np

from exporter.analysis.judgement import HarnessVerdict
from exporter.analysis.series import Run
from exporter.analysis.slope import line
from exporter.record.terms import Verdict

_STEEP_KIB_PER_MIN = 100.0
_STRAIGHT = 0.7
# The column by which a harness is known, and what the one heap is that it reports.
HEAP_OF_HARNESS: Mapping[str, str] = {"heap_inuse_bytes": "heap_go_bytes", "heap_resident_bytes": "heap_native_bytes"}


def harness_verdict(run: Run) -> HarnessVerdict | None:
    """What the harness says of the last run in its CSV; None for another program's, and for less than two samples."""
    resident = run.column("rss_bytes")
    if resident is None or not any(run.column(mark) is not None for mark in HEAP_OF_HARNESS):
        return None
    elapsed = run.columns["elapsed_sec"]
    began = 1 + max(np.flatnonzero(np.diff(elapsed) < 0).tolist(), default=-1)
    known = ~np.isnan(resident) & ~np.isnan(elapsed) & (np.arange(len(resident)) >= began)
    minutes, kib = elapsed[known] / 60, resident[known] / 1024
    if len(kib) < 2 or not np.ptp(minutes):
        return None
    slope = line(minutes, kib)
    r_squared = slope**2 * float(minutes.var() / kib.var()) if kib.var() else 0.0
    counted = run.columns.get("goroutines", np.empty(0))[began:]
    counted = counted[~np.isnan(counted)]
    goroutines = (int(counted[0]), int(counted[-1])) if len(counted) else None
    leak = slope > _STEEP_KIB_PER_MIN and r_squared > _STRAIGHT
    doubled = goroutines is not None and goroutines[1] > 2 * goroutines[0]
    return HarnessVerdict(Verdict.LEAK if leak or doubled else Verdict.NO_LEAK, slope, r_squared, goroutines)
