"""A Java virtual machine tells its heap itself: HotSpot keeps counters in a file that it maps, and that file is read.

Nothing is put into it, asked of it or stopped in it. The file is ``/tmp/hsperfdata_USER/PID``, in the format of
OpenJDK's ``PerfDataPrologue`` and ``PerfDataEntry`` (``hotspot/share/runtime``: ``perfMemory.hpp``, ``perfData.hpp``).
"""

import os
import re
import stat
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil

from exporter.checked import UnreadableError
from exporter.drivers.protocol import Heap
from exporter.record.told import Told

_MAPPED = re.compile(rb" (/tmp/hsperfdata_[^/\n]+/\d+)$", re.MULTILINE)
_MOST_BYTES = 1 << 20  # 32 KiB, unless -XX:PerfDataMemorySize says otherwise
_MOST_COUNTERS = 4096

_MAGIC, _VERSION = b"\xca\xfe\xc0\xc0", 2
_ORDERS = (">", "<")
# Magic number, order of bytes, version, whether all counters are there; where the first one is, and how many there are.
_PROLOGUE = struct.Struct("=4sBBx?16x8s")
_LONG, _BYTES = b"J", b"B"


@dataclass(frozen=True, slots=True)
class Left:
    """What the collections of a JVM have left so far in all of its heap but where new objects come to be.

    ``at`` is when the last one ended, by the JVM's own clock: 0 if there was none.
    """

    heap_bytes: int
    collections: int
    at: int


class JvmSource:
    """What the last collection has left in the JVMs among ``members``; nothing is told while there is no JVM.

    A heap is full of garbage at any other time, and grows steadily from one collection to the next. So it is told once
    after each collection; in a sample without one it is not readable.
    """

    name: ClassVar[str] = "jvm"

    def __init__(self, members: Callable[[], Sequence[psutil.Process]]) -> None:
        self._members = members
        self._ended: dict[int, int] = {}  # the last collection of each process

    def read(self) -> Told:
        left: dict[int, Left] = {}
        for process in self._members():
            with suppress(psutil.Error, OSError):  # it has ended, or is another user's
                if counters := _counters_of(process.pid):
                    left[process.pid] = left_by_collections(counters)
        ended = {pid: each.at for pid, each in left.items()}
        before, self._ended = self._ended, ended
        if not left:
            return Told()
        collections = sum(each.collections for each in left.values())
        if ended == before or not all(ended.values()):
            return Told(Heap(collections=collections, unreadable=("jvm",)))
        return Told(Heap({"jvm": sum(each.heap_bytes for each in left.values())}, collections=collections))


def left_by_collections(counters: Mapping[str, int | str]) -> Left:
    """What the collections have left, by a JVM's counters; raises UnreadableError where they don't tell.

    Those of a collection in progress are of the one before: sizes are written at its end.
    """

    def numbers(pattern: str) -> dict[str, int]:
        found = {name: re.fullmatch(rf"sun\.gc\.{pattern}", name) for name in counters}
        return {match[1]: value for name, match in found.items() if match and isinstance(value := counters[name], int)}

    used = numbers(r"(generation\.\d+\.space\.\d+)\.used")
    new = {space for space in used if counters.get(f"sun.gc.{space}.name") == "eden"}
    if not new:
        raise UnreadableError(
            "the JVM's collector doesn't tell what a collection has left; G1, Parallel and Serial do (-XX:+UseG1GC)"
        )
    ended = numbers(r"collector\.(\d+)\.lastExitTime")
    return Left(
        sum(size for space, size in used.items() if space not in new),
        sum(numbers(r"collector\.(\d+)\.invocations").values()),
        max(ended.values(), default=0),
    )


def parse_counters(data: bytes) -> dict[str, int | str]:
    """A JVM's counters by name, numbers and texts: none while it starts; raises UnreadableError for another file."""
    try:
        magic, order, version, complete, entries = _PROLOGUE.unpack_from(data)
        if magic != _MAGIC or version != _VERSION:
            raise UnreadableError(f"it is no file of counters of version {_VERSION}")
        at, number = struct.unpack(f"{_ORDERS[order]}ii", entries) if complete else (0, 0)
        counters: dict[str, int | str] = {}
        for _ in range(min(number, _MOST_COUNTERS)):
            # Length, offset of the name, length of an array, type (flags, unit, variability), offset of the value.
            length, name_at, array, kind, value_at = struct.unpack_from(f"{_ORDERS[order]}iiic3xi", data, at)
            name = data[at + name_at : data.index(b"\0", at + name_at)].decode("ascii")
            if kind == _LONG and not array:
                (counters[name],) = struct.unpack_from(f"{_ORDERS[order]}q", data, at + value_at)
            elif kind == _BYTES:
                counters[name] = data[at + value_at :][:array].partition(b"\0")[0].decode(errors="replace")
            at += length
    except (struct.error, ValueError, IndexError) as error:
        raise UnreadableError(f"a JVM's counters can't be read: {error}") from None
    return counters


def _counters_of(pid: int) -> dict[str, int | str]:
    """The counters that a process has mapped; none for a JVM without any (-XX:-UsePerfData), and for what is no JVM."""
    mapped = _MAPPED.search(Path(f"/proc/{pid}/maps").read_bytes())
    if mapped is None:
        return {}
    # As the process sees it, in a container too.
    path = f"/proc/{pid}/root{os.fsdecode(mapped[1])}"
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return {}
        return parse_counters(file.read(_MOST_BYTES))
