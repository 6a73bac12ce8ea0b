"""Resident set size: what of the subject is in physical memory."""

from typing import ClassVar

import psutil

from exporter.record.probes.base import in_memory


class ResidentMemoryProbe:
    """Bytes resident, shared pages included; 20 µs a reading, so it is also read at every scrape."""

    name: ClassVar[str] = "resident_memory"
    column: ClassVar[str] = "rss_bytes"

    def read(self, process: psutil.Process) -> int:
        return in_memory(process.memory_info().rss)
