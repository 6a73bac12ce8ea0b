"""Unique set size: what would be freed if the subject ended now."""

from typing import ClassVar

import psutil

from exporter.record.column import Column, Group, Unit, probed
from exporter.record.probes.base import in_memory


class UniqueMemoryProbe:
    """Bytes that no other process shares; the kernel stops the subject while it counts, so only samples read it."""

    name: ClassVar[str] = "unique_memory"
    column: ClassVar[Column] = Column(
        "uss_bytes",
        Unit.BYTES,
        "Resident memory that no other process shares (USS).",
        probed("uss_bytes"),
        title="Unique memory",
        group=Group.OTHER_MEMORY,
    )
    metric: ClassVar[str] = "memtest_unique_memory_bytes"
    help: ClassVar[str] = (
        "Unique set size of the subject as of the last sample, which may be minutes old: reading it stops the subject."
    )
    at_scrape: ClassVar[bool] = False

    def read(self, process: psutil.Process) -> int:
        return in_memory(process.memory_full_info().uss)
