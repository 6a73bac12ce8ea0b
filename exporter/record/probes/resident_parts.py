"""What resident memory is made of: pages of the subject's own, pages of files, and shared memory.

The kernel takes pages of files back and gives them anew as it sees fit, so that growth is looked for in the others.
"""

import re
from typing import ClassVar

import psutil

from exporter.record.column import Column, Group, Series, Unit, probed


def parse_resident(status: bytes, field: bytes) -> int:
    """A field of ``/proc/PID/status``, such as RssAnon, in bytes; see proc(5). It counts in KiB.

    Raises ProcessLookupError where there is none: a process that has ended has no memory any more.
    """
    if found := re.search(rb"^%b:\s*(\d+)" % field, status, re.MULTILINE):
        return int(found[1]) * 1024
    raise ProcessLookupError(f"the kernel reports no {field.decode()}")


def _column(name: str, title: str, meaning: str, judged_as: str = "") -> Column:
    return Column(
        name,
        Unit.BYTES,
        meaning,
        probed(name),
        title=title,
        group=Group.OTHER_MEMORY,
        series=Series.RESIDENT_PART if judged_as else None,
        label=judged_as,
    )


class _ResidentPartProbe:
    """One of the three parts; 18 µs a reading."""

    field: ClassVar[bytes]
    at_scrape: ClassVar[bool] = True

    def read(self, process: psutil.Process) -> int:
        with open(f"/proc/{process.pid}/status", "rb", buffering=0) as status:
            return parse_resident(status.read(), self.field)


class AnonymousMemoryProbe(_ResidentPartProbe):
    """Heaps, stacks and whatever else was mapped without a file."""

    name: ClassVar[str] = "anonymous_memory"
    field: ClassVar[bytes] = b"RssAnon"
    column: ClassVar[Column] = _column(
        "rss_anon_bytes",
        "Anonymous memory",
        "What of the resident memory is the process's own: heaps, stacks, mappings without a file.",
        "anonymous memory",
    )
    metric: ClassVar[str] = "memtest_resident_anonymous_bytes"
    help: ClassVar[str] = "Resident memory of the subject that has no file behind it: its own, which is judged."


class FilePagesProbe(_ResidentPartProbe):
    """Code and mapped files."""

    name: ClassVar[str] = "file_pages"
    field: ClassVar[bytes] = b"RssFile"
    column: ClassVar[Column] = _column(
        "rss_file_bytes",
        "File pages",
        "What of the resident memory are pages of files, code included; the kernel takes and gives them.",
    )
    metric: ClassVar[str] = "memtest_resident_file_bytes"
    help: ClassVar[str] = "Resident memory of the subject that are pages of files, which the kernel takes and gives."


class SharedMemoryProbe(_ResidentPartProbe):
    """System V and POSIX shared memory, and what was mapped shared without a file."""

    name: ClassVar[str] = "shared_memory"
    field: ClassVar[bytes] = b"RssShmem"
    column: ClassVar[Column] = _column(
        "rss_shmem_bytes",
        "Shared memory",
        "What of the resident memory is shared memory.",
        "shared memory",
    )
    metric: ClassVar[str] = "memtest_resident_shared_bytes"
    help: ClassVar[str] = "Resident memory of the subject that is shared memory."
