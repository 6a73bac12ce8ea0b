"""Unique set size: what would be freed if the subject ended now."""

from typing import ClassVar

import psutil

from exporter.record.probes.base import in_memory


class UniqueMemoryProbe:
    """Bytes that no other process shares; the kernel stops the subject while it counts, so only samples read it."""

    name: ClassVar[str] = "unique_memory"
    column: ClassVar[str] = "uss_bytes"

    def read(self, process: psutil.Process) -> int:
        return in_memory(process.memory_full_info().uss)
