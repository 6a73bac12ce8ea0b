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


RESIDENT = Column("rss_bytes", "Resident memory", "What the subject's process holds in RAM (RSS).")
HEAP = Column("heap_allocated_bytes", "Heap in use", "What the subject's own heaps have handed out, all together.")

HEAP_PARTS = (
    Column("heap_python_bytes", "Python heap", "What Python's allocator has handed out."),
    Column("heap_native_bytes", "Native heap", "What malloc has handed out: the SDK's core and its libraries."),
    Column("heap_mmap_bytes", "Large native blocks", "What malloc has mapped apart, block by block."),
)
OTHER_MEMORY = (
    Column("uss_bytes", "Unique memory", "Resident memory that no other process shares (USS)."),
    Column("heap_inuse_bytes", "Go spans in use", "Go heap spans with at least one object in them."),
    Column("heap_sys_bytes", "Go heap reserved", "What the Go heap has obtained from the system."),
    Column("heap_resident_bytes", "Heap pages resident", "What the allocator's active pages take, metadata included."),
)
MEMORY = (RESIDENT, HEAP, *HEAP_PARTS, *OTHER_MEMORY)

HANDLES = (
    Column("open_fds", "File descriptors", "Descriptors that the subject holds open.", Unit.COUNT),
    Column("threads", "Threads", "Threads of the subject's process.", Unit.COUNT),
    Column("goroutines", "Goroutines", "Goroutines of a Go subject.", Unit.COUNT),
    Column("heap_objects", "Heap objects", "Objects on a Go subject's heap.", Unit.COUNT),
    Column("listeners", "Event listeners", "Listeners registered with the SDK.", Unit.COUNT),
    Column("instances", "SDK instances", "Instances connected, or left behind.", Unit.COUNT),
)

PAYMENTS = Column("payments", "Payments", "Payments that succeeded, since the start.", Unit.COUNT, rises=True)
FAILURES = Column(
    "payment_failures", "Failed payments", "Payments that failed, since the start.", Unit.COUNT, rises=True
)
RECONNECTS = Column("reconnects", "Reconnects", "Times the wallets were connected anew.", Unit.COUNT, rises=True)
LOAD = (PAYMENTS, FAILURES, RECONNECTS)

BY_NAME = {column.name: column for column in (*MEMORY, *HANDLES, *LOAD)}
COUNTS = frozenset(name for name, column in BY_NAME.items() if column.unit is Unit.COUNT)
