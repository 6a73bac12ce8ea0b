"""The columns that the report shows: title, unit and meaning of each, defined once."""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a column counts; the page formats axes and cells by it."""

    BYTES = "bytes"
    COUNT = "count"
    PER_MINUTE = "per minute"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a run's CSV as the report shows it; ``rises`` marks a counter that only rises."""

    name: str
    title: str
    meaning: str
    unit: Unit = Unit.BYTES
    rises: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that belong in one picture of a single run."""

    key: str
    title: str
    meaning: str
    columns: tuple[Column, ...]


def _count(name: str, title: str, meaning: str, *, rises: bool = False) -> Column:
    return Column(name, title, meaning, Unit.COUNT, rises)


RESIDENT = Column("rss_bytes", "Resident memory", "What the subject's process holds in RAM (RSS).")
HEAP = Column("heap_allocated_bytes", "Heap in use", "What the subject's own heaps have handed out, all together.")

HEAP_PARTS = (
    Column("heap_python_bytes", "Python heap", "What Python's allocator has handed out."),
    Column("heap_go_bytes", "Go heap", "What Go's allocator has handed out (HeapAlloc), garbage included."),
    Column("heap_node_bytes", "JavaScript heap", "What V8's heap holds."),
    Column("heap_node_external_bytes", "V8's external memory", "What V8 counts beside its heap: buffers, code."),
    Column("heap_wasm_bytes", "WebAssembly memory", "What the SDK's module has asked for; it never shrinks."),
    Column("heap_native_bytes", "Native heap", "What malloc has handed out: the SDK's core and its libraries."),
    Column("heap_mmap_bytes", "Large native blocks", "What malloc has mapped apart, block by block."),
)
OTHER_MEMORY = (
    Column("uss_bytes", "Unique memory", "Resident memory that no other process shares (USS)."),
    Column("beyond_heaps_bytes", "Beyond the heaps", "Resident memory that is in no heap: code, stacks, unused pages."),
    Column("heap_inuse_bytes", "Go spans in use", "Go heap spans with at least one object in them."),
    Column("heap_sys_bytes", "Go heap reserved", "What the Go heap has obtained from the system."),
    Column("heap_resident_bytes", "Heap pages resident", "What the allocator's active pages take, metadata included."),
)
_ALLOCATOR = (
    Column("allocator_arena_bytes", "Arenas", "What glibc's malloc has obtained from the system."),
    Column("allocator_free_bytes", "Free in arenas", "What of the arenas is free, and kept."),
    Column("allocator_active_bytes", "Active pages", "Pages in which jemalloc has something allocated."),
    Column("allocator_resident_bytes", "Allocator's resident", "What jemalloc holds in RAM."),
    Column("allocator_retained_bytes", "Retained", "Address space that jemalloc keeps for later."),
)
TOGETHER = Group(
    "memory_parts",
    "Where the memory is",
    "Every figure of the run's memory on one scale: which part follows which.",
    (RESIDENT, HEAP, *HEAP_PARTS, *OTHER_MEMORY),
)
ALLOCATOR = Group("allocator", "What the allocator holds", "In use or free: growth here alone is no leak.", _ALLOCATOR)
MEMORY = (*TOGETHER.columns, *ALLOCATOR.columns)

DESCRIPTORS = _count("open_fds", "File descriptors", "Descriptors that the subject holds open.")
THREADS = _count("threads", "Threads", "Threads of the subject's process.")
BY_KIND = Group(
    "descriptor_kinds",
    "Descriptors by kind",
    "What the descriptors are, and in which state the TCP sockets.",
    (
        _count("fds_socket", "Sockets", "Descriptors that are sockets."),
        _count("fds_file", "Files", "Descriptors that are files."),
        _count("fds_pipe", "Pipes", "Descriptors that are ends of pipes."),
        _count("fds_eventfd", "Event descriptors", "Descriptors that wake event loops."),
        _count("fds_other", "Other descriptors", "Descriptors of any other kind."),
        _count("sockets_established", "TCP established", "Sockets with a connection."),
        _count("sockets_close_wait", "TCP close-wait", "Sockets that the other side has closed and the subject not."),
    ),
)
OBJECTS = (
    _count("goroutines", "Goroutines", "Goroutines of a Go subject."),
    _count("heap_objects", "Heap objects", "Objects on a Go subject's heap."),
    _count("gc_objects", "Collected objects", "Objects that the garbage collector knows, at rest."),
    _count("listeners", "Event listeners", "Listeners registered with the SDK."),
    _count("instances", "SDK instances", "Instances connected."),
)
HANDLES = (DESCRIPTORS, THREADS, *BY_KIND.columns, *OBJECTS)

PAYMENTS = _count("payments", "Payments", "Payments that succeeded since the start.", rises=True)
FAILURES = _count("payment_failures", "Failed payments", "Payments that failed since the start.", rises=True)
RECONNECTS = _count("reconnects", "Reconnects", "Times the wallets were connected anew.", rises=True)
SCENARIOS = (
    _count("abandoned_instances", "Abandoned instances", "Instances dropped without being disconnected.", rises=True),
    _count("listener_churns", "Listener churns", "Rounds of adding and removing listeners.", rises=True),
    _count("syncs", "Syncs", "Wallet syncs that the load has asked for.", rises=True),
    _count("history_queries", "History queries", "Payment histories that the load has asked for.", rises=True),
    _count("garbage_collections", "Garbage collections", "Collections that the load has asked for.", rises=True),
    _count("expected_failures", "Failed on purpose", "Payments that were meant to fail, and did.", rises=True),
)

BY_NAME = {column.name: column for column in (*MEMORY, *HANDLES, PAYMENTS, FAILURES, RECONNECTS)}
COUNTS = frozenset(name for name, column in BY_NAME.items() if column.unit is Unit.COUNT)
