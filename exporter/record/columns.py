"""The catalogue of columns: what a sample holds, and all that is said of it anywhere.

The CSV's header, ``docs/csv.md``, the sampler, the names in sentences, the verdict's series, comparisons, the charts of
a report and the metrics of heaps come from here. The columns of probes and of what scenarios count are declared with
them; each is here by its place in ``PROBES``, ``COUNT_PROBES`` and ``SCENARIOS``.
"""

from functools import partial

from exporter.record.column import Column, Group, Moment, Series, Unit, done, told
from exporter.record.probes import COUNT_PROBES, PROBES
from exporter.record.probes.descriptor_kinds import DescriptorKindsProbe
from exporter.record.probes.open_descriptors import OpenDescriptorsProbe
from exporter.record.probes.resident_memory import ResidentMemoryProbe
from exporter.record.probes.socket_states import SocketStatesProbe
from exporter.record.probes.threads import ThreadsProbe
from exporter.record.probes.unique_memory import UniqueMemoryProbe
from exporter.scenarios import LOAD_COUNTERS
from exporter.scenarios.stage import LoadCounter

# The header of the files that there are; every other column follows.
_IN_FILES = (
    *("timestamp", "elapsed_sec", "rss_bytes", "heap_allocated_bytes", "uss_bytes"),
    *("heap_python_bytes", "heap_native_bytes", "heap_mmap_bytes", "threads", "open_fds"),
    *("payments", "payment_failures", "listeners", "instances", "reconnects", "phase", "settled"),
    *("allocator_arena_bytes", "allocator_free_bytes", "allocator_active_bytes"),
    *("allocator_resident_bytes", "allocator_retained_bytes", "beyond_heaps_bytes", "gc_objects", "gc_collections"),
    *("abandoned_instances", "listener_churns", "syncs", "history_queries", "garbage_collections"),
    *("expected_failures", "fds_socket", "fds_file", "fds_pipe", "fds_eventfd", "fds_other"),
    *("sockets_established", "sockets_close_wait", "heap_go_bytes", "restarts", "trimmed", "load_phase"),
    *("heap_node_bytes", "heap_node_external_bytes", "heap_wasm_bytes", "heap_jvm_bytes", "goroutines"),
    *("event_loop_handles", "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes"),
)


def heap_column(heap: str) -> str:
    """The name of a heap's column."""
    return f"heap_{heap}_bytes"


def _heap(name: str, title: str, meaning: str, label: str, side: str, whose: str) -> Column:
    """One of the heaps that a subject may tell of, each of its own."""
    return Column(
        heap_column(name),
        Unit.BYTES,
        meaning,
        told(lambda state: state.heap_bytes.get(name)),
        title=title,
        group=Group.HEAPS,
        series=Series.PART,
        label=label,
        part=label.removeprefix("the "),
        side=side,
        whose=whose,
    )


def _allocator(part: str, title: str, meaning: str, in_changes: str = "", note: str = "") -> Column:
    return Column(
        f"allocator_{part}_bytes",
        Unit.BYTES,
        meaning,
        told(lambda state: state.allocator_bytes.get(part)),
        title=title,
        group=Group.ALLOCATOR,
        part=in_changes,
        note=note,
    )


def _paid(moment: Moment) -> int | None:
    payments = moment.state.load.payments
    return payments.total() if payments else None


def _scenario(counter: LoadCounter) -> Column:
    """The column of what a scenario counts."""
    return Column(
        counter.name,
        Unit.COUNT,
        counter.meaning,
        done(lambda state: state.load.counts[counter.name]),
        title=counter.title,
        group=Group.SCENARIOS,
        rises=True,
        each=counter.each,
    )


_other_memory = partial(Column, unit=Unit.BYTES, group=Group.OTHER_MEMORY)
_object = partial(Column, unit=Unit.COUNT, group=Group.OBJECTS)

RESIDENT = ResidentMemoryProbe.column
HEAP = Column(
    "heap_allocated_bytes",
    Unit.BYTES,
    "What the subject's own heaps have handed out, all together.",
    lambda moment: moment.state.heap_sum,
    title="Heap in use",
    group=Group.MEMORY,
    series=Series.HEAP,
    label="the heap",
)
_HEAPS = (
    (
        "python",
        "Python heap",
        "What Python's allocator has handed out.",
        "the Python heap",
        "on the Python side",
        "the binding: what grows is Python's heap",
    ),
    (
        "go",
        "Go heap",
        "What Go's allocator has handed out (HeapAlloc), garbage included.",
        "the Go heap",
        "on the Go side",
        "the binding: what grows is Go's heap",
    ),
    (
        "node",
        "JavaScript heap",
        "What V8's heap holds.",
        "the JavaScript heap",
        "on the JavaScript side",
        "the binding: what grows is JavaScript's heap",
    ),
    (
        "node_external",
        "V8's external memory",
        "What V8 counts beside its heap: buffers, code.",
        "V8's external memory",
        "in V8's external memory",
        "the binding: what grows is what V8 counts beside its heap",
    ),
    (
        "wasm",
        "WebAssembly memory",
        "What the SDK's module has asked for; it never shrinks.",
        "WebAssembly memory",
        "in WebAssembly memory",
        "the SDK's core: what grows is WebAssembly memory",
    ),
    (
        "jvm",
        "JVM heap",
        "What a JVM's heap holds: by its agent what a collection has left, else garbage included.",
        "the JVM heap",
        "on the JVM side",
        "the binding: what grows is the JVM's heap",
    ),
    (
        "native",
        "Native heap",
        "What malloc has handed out: the SDK's core and its libraries.",
        "the native heap",
        "on the native side",
        "the SDK's core, or the binding's native side: what grows is malloc's heap",
    ),
    (
        "mmap",
        "Large native blocks",
        "What malloc has mapped apart, block by block.",
        "mapped memory",
        "in mapped memory",
        "the SDK's core, or the binding's native side: what grows is what malloc maps block by block",
    ),
)
# By name.
HEAPS = {each[0]: _heap(*each) for each in _HEAPS}
PAYMENTS = Column(
    "payments",
    Unit.COUNT,
    "Payments that succeeded since the start.",
    _paid,
    title="Payments",
    group=Group.LOAD,
    note="empty in a watch where nothing counts them",
    rises=True,
    each="payment",
)
FAILURES = Column(
    "payment_failures",
    Unit.COUNT,
    "Payments that failed since the start.",
    done(lambda state: state.load.failures.total()),
    title="Failed payments",
    group=Group.LOAD,
    note="those that were meant to are not among them",
    rises=True,
    each="failed payment",
)


def _beyond_heaps(resident: int | None, heap: int | None) -> int | None:
    return None if resident is None or heap is None else resident - heap


# In the order in which a report shows the columns of a group.
_DECLARED = (
    Column("timestamp", Unit.TIME, "When the sample was taken.", lambda moment: moment.at),
    Column("elapsed_sec", Unit.SECONDS, "Since the start of the load.", lambda moment: moment.elapsed_seconds),
    Column(
        "phase",
        Unit.TEXT,
        "`funding` before the load, `running` under it, `stopping` after it.",
        lambda moment: moment.state.phase,
    ),
    Column(
        "settled",
        Unit.FLAG,
        "1: taken with the load at rest, nothing in flight and garbage collected.",
        lambda moment: int(moment.settled),
    ),
    Column(
        "trimmed",
        Unit.FLAG,
        "1: at rest, and the allocator had just been told to give back to the kernel what it held unused.",
        lambda moment: int(moment.trimmed),
    ),
    Column(
        "load_phase",
        Unit.COUNT,
        "Under `--protocol doubling` the phase, 0 while it warms up; each ends with five rows at rest.",
        lambda moment: moment.state.load_phase,
    ),
    Column(
        "restarts",
        Unit.COUNT,
        "Times that a watched program was seen to start anew.",
        done(lambda state: state.restarts),
        rises=True,
    ),
    RESIDENT,
    HEAP,
    *HEAPS.values(),
    _allocator(
        "arena",
        "Arenas",
        "What glibc's malloc has obtained from the system.",
        note="under mimalloc, all that it holds",
    ),
    _allocator(
        "free",
        "Free in arenas",
        "What of the arenas is free, and kept.",
        "held free by the allocator",
        note="under jemalloc, what is resident and not in use",
    ),
    _allocator("active", "Active pages", "Pages in which jemalloc has something allocated."),
    _allocator("resident", "Allocator's resident", "What jemalloc holds in RAM.", note="with its own records"),
    _allocator("retained", "Retained", "Address space that jemalloc keeps for later."),
    UniqueMemoryProbe.column,
    _other_memory(
        "beyond_heaps_bytes",
        meaning="Resident memory that is in no heap: code, stacks, unused pages.",
        read=lambda moment: _beyond_heaps(moment.probed[RESIDENT.name], moment.state.heap_sum),
        title="Beyond the heaps",
        part="resident beyond the heaps",
        note="negative when heaps are paged out",
    ),
    _other_memory(
        "heap_inuse_bytes", meaning="Go heap spans with at least one object in them.", title="Go spans in use"
    ),
    _other_memory("heap_sys_bytes", meaning="What the Go heap has obtained from the system.", title="Go heap reserved"),
    _other_memory(
        "heap_resident_bytes",
        meaning="What the allocator's active pages take, metadata included.",
        title="Heap pages resident",
    ),
    OpenDescriptorsProbe.column,
    *DescriptorKindsProbe.columns,
    *SocketStatesProbe.columns,
    ThreadsProbe.column,
    _object(
        "goroutines",
        meaning="Goroutines of a Go subject.",
        read=told(lambda state: state.goroutines),
        title="Goroutines",
        series=Series.COUNT,
        label="the number of goroutines",
        part="goroutines",
        side="in goroutines",
    ),
    _object("heap_objects", meaning="Objects on a Go subject's heap.", title="Heap objects"),
    _object(
        "gc_objects",
        meaning="Objects that the garbage collector knows, at rest.",
        read=lambda moment: moment.state.objects if moment.settled else None,
        title="Collected objects",
        part="collected objects",
    ),
    Column("gc_collections", Unit.COUNT, "Garbage collections.", told(lambda state: state.collections)),
    _object(
        "event_loop_handles",
        meaning="What keeps the subject's event loop waiting: sockets, pipes, timers.",
        read=told(lambda state: state.event_loop_handles),
        title="Event-loop handles",
        part="event-loop handles",
    ),
    _object(
        "listeners",
        meaning="Listeners registered with the SDK.",
        note="of a watched program as it tells them",
        read=lambda moment: moment.state.load.listeners,
        title="Event listeners",
    ),
    _object(
        "instances",
        meaning="Instances connected.",
        note="of a watched program as it tells them",
        read=lambda moment: moment.state.load.instances,
        title="SDK instances",
    ),
    PAYMENTS,
    FAILURES,
    *map(_scenario, LOAD_COUNTERS),
    Column(
        "expected_failures",
        Unit.COUNT,
        "Payments that were meant to fail, and did.",
        done(lambda state: state.load.expected_failures.total()),
        title="Failed on purpose",
        group=Group.SCENARIOS,
        rises=True,
        each="failure on purpose",
    ),
)
_PROBED = (*(probe.column for probe in PROBES), *(column for probe in COUNT_PROBES for column in probe.columns))
CATALOGUE = (*_DECLARED, *(column for column in _PROBED if column not in _DECLARED))
# What growth is told per, beside time.
OPERATIONS = tuple(column for column in CATALOGUE if column.each)
BY_NAME = {column.name: column for column in CATALOGUE}


def _in_order() -> tuple[Column, ...]:
    places = {name: place for place, name in enumerate(_IN_FILES)}
    written = [column for column in CATALOGUE if column.read is not None]
    return tuple(sorted(written, key=lambda column: places.get(column.name, len(places))))


# The columns of our own CSV, in its order.
WRITTEN = _in_order()
COLUMNS = tuple(column.name for column in WRITTEN)


def of_series(series: Series) -> tuple[str, ...]:
    """The names of the columns that the verdict takes for this."""
    return tuple(column.name for column in CATALOGUE if column.series is series)


def in_group(*groups: Group) -> tuple[Column, ...]:
    """The columns of some groups, group by group."""
    return tuple(column for group in groups for column in CATALOGUE if column.group is group)
