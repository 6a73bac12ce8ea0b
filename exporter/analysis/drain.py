"""What a subject still holds when its allocator has given back what it can: resident memory at both ends of a run."""

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.csv_cells import Floats
from exporter.analysis.judgement import RESIDENT, Drain
from exporter.analysis.series import Run
from exporter.analysis.stretch import Stretch


def drain_of(stretch: Stretch) -> Drain | None:
    """Compare the trimmed readings before and after a stretch with each other and with the reading before the last.

    None where there is none after it, as when a run was cut short, or in a file that has no such readings.
    """
    run, resident = stretch.run, _own_memory(stretch.run)
    trimmed = np.flatnonzero(run.trimmed)
    if resident is None or not len(stretch.rows):
        return None
    first, last = int(stretch.rows[0]), int(stretch.rows[-1])
    after = _same_subject(stretch, trimmed[trimmed > last][:1], last)
    if after is None or np.isnan(resident[after - 1 : after + 1]).any():
        return None
    before = _same_subject(stretch, trimmed[trimmed < first][-1:], first)
    minutes = stretch.duration
    held = None if before is None or np.isnan(resident[before]) else float(resident[after] - resident[before])
    return Drain(
        returned_bytes=float(resident[after - 1] - resident[after]),
        left_bytes=float(run.columns[RESIDENT][after]),
        held_bytes=held,
        held_kib_per_min=None if held is None or minutes == 0 else held / 1024 / minutes,
    )


def most_held(drain: Drain | None) -> float | None:
    """The most that can have been held more with each minute, in KiB; None where that is not known.

    It holds the whole of the warm-up too, so that a leak is smaller rather than larger.
    """
    return None if drain is None or drain.held_kib_per_min is None else max(drain.held_kib_per_min, 0.0)


def _own_memory(run: Run) -> Floats | None:
    """Resident memory but for the pages of files, where those are known."""
    resident, pages = run.column(RESIDENT), run.column("rss_file_bytes")
    return resident if resident is None or pages is None else resident - pages


def _same_subject(stretch: Stretch, found: NDArray[np.intp], edge: int) -> int | None:
    """The row that was found, unless the subject was another one then: the count of its payments has fallen."""
    payments = stretch.run.column("payments")
    if not len(found) or payments is None:
        return None
    row = int(found[0])
    earlier, later = sorted((row, edge))
    return row if payments[earlier] <= payments[later] else None
