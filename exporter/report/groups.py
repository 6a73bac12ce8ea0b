"""Which columns of the record belong together in a report, by the groups of the catalogue."""

from dataclasses import dataclass

from exporter.record.column import Column, Group
from exporter.record.columns import BY_NAME, in_group


@dataclass(frozen=True, slots=True)
class Together:
    """Columns that belong in one picture of a single run."""

    key: str
    title: str
    meaning: str
    columns: tuple[Column, ...]


MEMORY_PARTS = Together(
    "memory_parts",
    "Where the memory is",
    "Every figure of the run's memory on one scale: which part follows which.",
    in_group(Group.MEMORY, Group.HEAPS, Group.OTHER_MEMORY),
)
ALLOCATOR = Together(
    "allocator",
    "What the allocator holds",
    "In use or free: growth here alone is no leak.",
    in_group(Group.ALLOCATOR),
)
BY_KIND = Together(
    "descriptor_kinds",
    "Descriptors by kind",
    "What the descriptors are, and in which state the TCP sockets.",
    in_group(Group.KINDS),
)
MEMORY = (*MEMORY_PARTS.columns, *ALLOCATOR.columns)
PROCESS = in_group(Group.PROCESS)
OBJECTS = in_group(Group.OBJECTS)
HANDLES = (*PROCESS, *BY_KIND.columns, *OBJECTS)

RECONNECTS = BY_NAME["reconnects"]
SCENARIOS = tuple(column for column in in_group(Group.SCENARIOS) if column is not RECONNECTS)
