"""What jemalloc's own profiler says is held, by native stack; for a process that runs under it with ``prof:true``.

The format is that of jemalloc 5's heap dumps, ``heap_v2``: a rate, for each stack its addresses and what of it was
sampled, and the process's memory map.
"""

import math
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile, pairwise
from pathlib import Path

from exporter.drivers.python.allocators import dump_jemalloc_profile
from exporter.drivers.python.pprof import Address, Frame, Mapping

_ALLOCATOR = "libjemalloc"
_INTERPRETER = ("python", "libpython")


@dataclass(frozen=True, slots=True)
class Sampled:
    """A stack of addresses, innermost first, each within its call, and an estimate of what it holds."""

    addresses: tuple[int, ...]
    objects: int
    size: int


@dataclass(frozen=True, slots=True)
class Dump:
    """What was sampled, and where the code is."""

    stacks: tuple[Sampled, ...]
    mappings: tuple[Mapping, ...]


@dataclass(frozen=True, slots=True)
class NativeSite:
    """Native code, innermost frame first, and an estimate of what it holds."""

    frames: tuple[Frame | Address, ...]
    objects: int
    size: int


def native_heap() -> list[NativeSite]:
    """What native code holds; nothing in a process without jemalloc's profiler. Raises ValueError for another format.

    What the interpreter asked for is left out, since tracemalloc knows of it.
    """
    with tempfile.TemporaryDirectory(prefix="memtest-jemalloc-") as directory:
        path = Path(directory) / "heap"
        return native_sites(parse_heap_v2(path.read_text())) if dump_jemalloc_profile(path) else []


def parse_heap_v2(text: str) -> Dump:
    """Read a dump; raises ValueError for another format."""
    head, found, mapped = text.partition("MAPPED_LIBRARIES:\n")
    first, *lines = head.splitlines() or [""]
    kind, _, rate = first.partition("/")
    if kind != "heap_v2" or not found:
        raise ValueError(f"not a heap_v2 dump of jemalloc: {first[:40]!r}")
    stacks = []
    for line, sums in pairwise(lines):
        if line.startswith("@ "):
            # A return address is just after its call.
            addresses = tuple(int(address, 16) - 1 for address in line.split()[1:])
            objects, size = _sampled(sums)
            stacks.append(Sampled(addresses, *_estimated(objects, size, int(rate))))
    return Dump(tuple(stacks), tuple(_executable(mapped)))


def native_sites(dump: Dump) -> list[NativeSite]:
    """What was sampled, without jemalloc's own frames and without the interpreter's stacks."""
    starts = [mapping.start for mapping in dump.mappings]

    def frame_at(address: int) -> Frame | Address:
        index = bisect_right(starts, address) - 1
        if index < 0 or address >= dump.mappings[index].limit:
            return Frame("unknown", "", 0)
        return Address(address, dump.mappings[index])

    sites = []
    for sampled in dump.stacks:
        stack = [frame_at(address) for address in sampled.addresses]
        outside = tuple(dropwhile(lambda frame: _library(frame).startswith(_ALLOCATOR), stack))
        if outside and not _library(outside[0]).startswith(_INTERPRETER):
            sites.append(NativeSite(outside, sampled.objects, sampled.size))
    return sites


def _library(frame: Frame | Address) -> str:
    return Path(frame.mapping.file if isinstance(frame, Address) else frame.file).name


def _sampled(line: str) -> tuple[int, int]:
    """Objects and bytes now in use, of ``t*: 2: 65803 [0: 0]``."""
    try:
        _, objects, size = line.split("[")[0].split(":")
        return int(objects), int(size)
    except ValueError:
        raise ValueError(f"not a line of jemalloc's sums: {line[:80]!r}") from None


def _estimated(objects: int, size: int, rate: int) -> tuple[int, int]:
    """What was held, of what was sampled: an allocation of n bytes is sampled with probability 1 - exp(-n / rate)."""
    if objects == 0:
        return 0, 0
    factor = 1 / -math.expm1(-(size / objects) / rate)
    return round(objects * factor), round(size * factor)


def _executable(maps: str) -> Iterator[Mapping]:
    """The executable files of proc(5)'s ``maps``, which is in the order of addresses."""
    for line in maps.splitlines():
        cells = line.split(maxsplit=5)
        if len(cells) == 6 and "x" in cells[1] and cells[5].startswith("/"):
            start, _, limit = cells[0].partition("-")
            yield Mapping(int(start, 16), int(limit, 16), int(cells[2], 16), cells[5])
