"""The metrics that tell what of a subject grows: its heaps, its allocator, its descriptors, sockets and threads."""

from collections.abc import Iterator

from exporter.publish.metric_types import Metric, Series, Subject, each, level, levels, one, seconds, total
from exporter.record.sample import HEAPS, Sample, heap_column


def heaps_of(sample: Sample) -> dict[str, float]:
    """Return the bytes in use in each heap that the sample has a figure of."""
    heaps = {heap: getattr(sample, heap_column(heap)) for heap in HEAPS}
    return {heap: value for heap, value in heaps.items() if value is not None}


def _settled_heaps(subject: Subject) -> Iterator[Series]:
    sample = subject.state.last_settled
    return each(heaps_of(sample) if sample else {})


HEAP_METRICS: tuple[Metric[Subject], ...] = (
    levels(
        "memtest_heap_bytes",
        "heap",
        "Bytes in use in each of the subject's heaps, as it reported them about a second ago.",
        lambda subject: subject.state.heap_bytes,
    ),
    level(
        "memtest_heap_timestamp_seconds",
        "When the subject last reported its heaps.",
        lambda subject: seconds(subject.state.heap_time),
    ),
    Metric(
        "memtest_settled_heap_bytes",
        "gauge",
        "Bytes in use in each heap at the last settled sample: load at rest, garbage collected.",
        _settled_heaps,
        ("driver", "heap"),
    ),
    total(
        "memtest_settle_seconds_total",
        "Time that the load has rested for settled samples.",
        lambda state: state.load.settle_seconds,
    ),
    levels(
        "memtest_allocator_bytes",
        "part",
        "What the allocator behind malloc says that it holds, in its own terms: of glibc the arena, what of it is free "
        "and the top that could be given back; of jemalloc allocated, active, resident, retained, and free.",
        lambda subject: subject.state.allocator_bytes,
    ),
    level(
        "memtest_beyond_heaps_bytes",
        "Resident beyond the subject's own heaps as of the last sample: code, stacks, what allocators hold unused.",
        lambda subject: subject.state.last_sample.beyond_heaps_bytes if subject.state.last_sample else None,
    ),
    level(
        "memtest_gc_objects",
        "Objects known to the subject's garbage collector, counted at the last settled sample.",
        lambda subject: subject.state.objects,
    ),
    Metric(
        "memtest_gc_collections_total",
        "counter",
        "Runs of the subject's garbage collector.",
        lambda subject: one(subject.state.collections),
        ("driver",),
    ),
    level(
        "memtest_event_loop_handles",
        "What keeps the subject's event loop waiting: sockets, pipes, timers; of a Node.js program, as it says.",
        lambda subject: subject.state.event_loop_handles,
    ),
    level("memtest_goroutines", "Goroutines of a Go program, as it says.", lambda subject: subject.state.goroutines),
    levels(
        "memtest_descendant_resident_memory_bytes",
        "process",
        "Resident set size of the processes that a watched program has started, or that share its control group, by "
        "name, as of the last sample; included in memtest_resident_memory_bytes.",
        lambda subject: subject.state.other_bytes,
    ),
    levels(
        "memtest_cgroup_memory_bytes",
        "part",
        "What the kernel has charged to the control group that is watched, as of the last sample: current in all, the "
        "page cache included, and anon, which is no file's.",
        lambda subject: subject.state.group_bytes,
    ),
    levels(
        "memtest_descriptors",
        "kind",
        "Open file descriptors of the subject by kind, as of the last sample.",
        lambda subject: subject.state.descriptors,
    ),
    levels(
        "memtest_sockets",
        "state",
        "TCP sockets of the subject by state, as of the last sample or up to 10 s before it.",
        lambda subject: subject.state.sockets,
    ),
    levels(
        "memtest_named_threads",
        "name",
        "Threads of the subject by name, digits as *, as of the last sample.",
        lambda subject: subject.state.named_threads,
    ),
)
