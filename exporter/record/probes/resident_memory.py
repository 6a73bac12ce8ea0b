"""Resident set size: what of the subject is in physical memory."""

from typing import ClassVar

import psutil

from exporter.record.column import Column, Group, Series, Unit, probed
from exporter.record.probes.base import in_memory


class ResidentMemoryProbe:
    """Bytes resident, shared pages included; 20 µs a reading."""

    name: ClassVar[str] = "resident_memory"
    column: ClassVar[Column] = Column(
        "rss_bytes",
        Unit.BYTES,
        "What the subject's process holds in RAM (RSS).",
        probed("rss_bytes"),
        title="Resident memory",
        group=Group.MEMORY,
        series=Series.RESIDENT,
        label="resident memory",
    )
    metric: ClassVar[str] = "memtest_resident_memory_bytes"
    help: ClassVar[str] = "Resident set size of the subject, read at the scrape."
    at_scrape: ClassVar[bool] = True

    def read(self, process: psutil.Process) -> int:
        return in_memory(process.memory_info().rss)
