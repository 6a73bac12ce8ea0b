"""A sample of the subject, and the CSV columns, which are its fields in order."""

from dataclasses import dataclass, fields
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of the subject; ``None`` where the subject has no such figure.

    Bytes are bytes, ``elapsed_sec`` counts from the start of the load, counters are cumulative.
    ``heap_allocated_bytes`` is the sum of the subject's own heaps. ``settled`` is 1 for a sample taken
    with the load at rest: nothing in flight, garbage collected.
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


COLUMNS = tuple(field.name for field in fields(Sample))
