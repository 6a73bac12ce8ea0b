"""Heap dumps that memray has written: every allocation in Python and in native code, with both stacks."""

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.heaps.frames import informative_frames
from exporter.heaps.sites import NOTHING, Held, Site

if TYPE_CHECKING:
    import memray


def read_memray(path: Path) -> dict[Site, Held]:
    """What a process held, by site; raises OSError for a file that is no such dump."""
    held: dict[Site, Held] = defaultdict(lambda: NOTHING)
    with open_memray(path) as reader:
        for record in reader.get_leaked_allocation_records(merge_threads=True):
            site = Site(_heap_of(record), informative_frames(record.hybrid_stack_trace()))
            held[site] += Held(record.size, record.n_allocations)
    return dict(held)


def open_memray(path: Path) -> "memray.FileReader":
    """Open a dump, whose process may still be writing to it; raises OSError for a file that is none."""
    import memray  # an extra, which the settings of the commands ask for

    return memray.FileReader(path)


def _heap_of(record: Any) -> str:
    import memray

    return "python" if memray.AllocatorType(record.allocator).name.startswith("PYMALLOC") else "native"
