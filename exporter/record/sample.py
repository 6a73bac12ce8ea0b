"""A sample of the subject, and the CSV columns, which are its fields in order."""

from dataclasses import dataclass, fields
from datetime import datetime

# With so many samples at rest ends each phase of a load in phases.
READINGS_PER_PHASE = 5
# What two readings of a heap at rest may differ by without anything having grown; see docs/heaps.md.
REPEATABLE_BYTES = 64 * 1024
# The heaps that a subject may tell of, each of its own; `heap_column` is where its bytes are.
HEAPS = ("python", "go", "node", "node_external", "wasm", "native", "mmap")


def heap_column(heap: str) -> str:
    """The name of a heap's column."""
    return f"heap_{heap}_bytes"


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of the subject; ``None`` where the subject has no such figure.

    Bytes are bytes, ``elapsed_sec`` counts from the start of the load, counters are cumulative.
    ``heap_allocated_bytes`` is the sum of the subject's own heaps. ``settled`` is 1 for a sample taken
    with the load at rest: nothing in flight, garbage collected; ``trimmed`` is 1 if, besides, the allocator had just
    been told to give back to the kernel what it held unused. ``load_phase`` counts the phases of a load that has some,
    0 while it warms up.

    ``allocator_…`` is what the allocator behind malloc says that it holds, in its own terms: glibc's arena and what of
    it is free, jemalloc's active, resident and retained. ``beyond_heaps_bytes`` is what is resident beyond
    ``heap_allocated_bytes``: code, stacks, and what allocators hold unused; it is negative when heaps are paged out.
    ``gc_objects`` is counted at rest only; ``fds_…`` are descriptors by kind, ``sockets_…`` TCP sockets by state.
    ``restarts`` of the subject are counted where it may have them: in a watch.
    """

    timestamp: datetime
    elapsed_sec: float
    rss_bytes: int | None
    heap_allocated_bytes: int | None
    uss_bytes: int | None
    heap_python_bytes: int | None
    heap_native_bytes: int | None
    heap_mmap_bytes: int | None
    threads: int | None
    open_fds: int | None
    payments: int
    payment_failures: int
    listeners: int
    instances: int
    reconnects: int
    phase: str
    settled: int
    allocator_arena_bytes: int | None = None
    allocator_free_bytes: int | None = None
    allocator_active_bytes: int | None = None
    allocator_resident_bytes: int | None = None
    allocator_retained_bytes: int | None = None
    beyond_heaps_bytes: int | None = None
    gc_objects: int | None = None
    gc_collections: int | None = None
    abandoned_instances: int = 0
    listener_churns: int = 0
    syncs: int = 0
    history_queries: int = 0
    garbage_collections: int = 0
    expected_failures: int = 0
    fds_socket: int | None = None
    fds_file: int | None = None
    fds_pipe: int | None = None
    fds_eventfd: int | None = None
    fds_other: int | None = None
    sockets_established: int | None = None
    sockets_close_wait: int | None = None
    heap_go_bytes: int | None = None
    restarts: int = 0
    trimmed: int = 0
    load_phase: int | None = None
    heap_node_bytes: int | None = None
    heap_node_external_bytes: int | None = None
    heap_wasm_bytes: int | None = None


COLUMNS = tuple(field.name for field in fields(Sample))
