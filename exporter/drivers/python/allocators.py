"""The allocator behind malloc in this process: what it has in use, what it holds beyond that, and giving that back."""

import ctypes
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

_process = ctypes.CDLL(None)

# jemalloc's name for all of its arenas.
_ALL_ARENAS = 4096
_JEMALLOC_STATISTICS = ("allocated", "active", "resident", "retained", "metadata")
# malloc.h of glibc 2.33 and later
_MALLINFO2_FIELDS = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)


@dataclass(frozen=True, slots=True)
class AllocatorReading:
    """Bytes in use by heap, what the allocator says it holds, and the heaps whose bytes in use it doesn't count."""

    in_use: Mapping[str, int]
    held: Mapping[str, int]
    uncounted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Allocator:
    """One allocator; ``read`` raises AttributeError, OSError or NotImplementedError where it lacks statistics.

    ``trim`` gives to the kernel what can be given, and tells whether it gave any, as far as it knows.
    """

    name: str
    read: Callable[[], AllocatorReading]
    trim: Callable[[], bool]


class _Mallinfo2(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_size_t) for name in _MALLINFO2_FIELDS)


def read_mallinfo() -> dict[str, int]:
    """What glibc's malloc holds: ``arena`` from the kernel for its arenas, of which ``free`` is not in use and ``top``
    could be given back from the top; raises AttributeError where there is no mallinfo2.
    """
    _process.mallinfo2.restype = _Mallinfo2
    info = _process.mallinfo2()
    return {"arena": info.arena, "free": info.fordblks, "top": info.keepcost}


def _read_system() -> AllocatorReading:
    info = psutil.heap_info()
    held = read_mallinfo() if hasattr(_process, "mallinfo2") else {}
    return AllocatorReading({"native": info.heap_used, "mmap": info.mmap_used}, held)


def _trim_system() -> bool:
    return bool(_process.malloc_trim(0))


def _read_jemalloc() -> AllocatorReading:
    epoch = ctypes.c_uint64(1)  # any write has the statistics taken anew
    _mallctl("epoch", new=epoch)
    found = {name: _jemalloc_size(f"stats.{name}") for name in _JEMALLOC_STATISTICS}
    metadata = found.pop("metadata")
    free = max(found["resident"] - metadata - found["allocated"], 0)
    # What threads keep for their next allocations counts as allocated.
    in_use = found["allocated"] - _jemalloc_size(f"stats.arenas.{_ALL_ARENAS}.tcache_bytes")
    return AllocatorReading({"native": in_use}, {**found, "free": free})


def _trim_jemalloc() -> bool:
    # An arena doesn't purge what this thread keeps.
    _mallctl("thread.tcache.flush")
    before = _read_jemalloc().held["resident"]
    _mallctl(f"arena.{_ALL_ARENAS}.purge")
    return _read_jemalloc().held["resident"] < before


def dump_jemalloc_profile(path: Path) -> bool:
    """Have jemalloc's profiler write to a file what is held; False where there is none, or it was not switched on."""
    if not hasattr(_process, "mallctl"):
        return False
    try:
        _mallctl("prof.dump", new=ctypes.c_char_p(os.fsencode(path)))
    except OSError:
        return False
    return True


def _jemalloc_size(name: str) -> int:
    value = ctypes.c_size_t()
    _mallctl(name, old=value)
    return value.value


def _mallctl(
    name: str, *, old: ctypes.c_size_t | None = None, new: ctypes.c_uint64 | ctypes.c_char_p | None = None
) -> None:
    """Call jemalloc's mallctl; raises OSError for a name that this build doesn't have."""
    old_size = ctypes.c_size_t(0 if old is None else ctypes.sizeof(old))
    code = _process.mallctl(
        name.encode(),
        None if old is None else ctypes.byref(old),
        None if old is None else ctypes.byref(old_size),
        None if new is None else ctypes.byref(new),
        ctypes.c_size_t(0 if new is None else ctypes.sizeof(new)),
    )
    if code:
        raise OSError(code, f"jemalloc has no {name}")


def _read_mimalloc() -> AllocatorReading:
    # As released, mimalloc counts what it has from the kernel, and not what is in use.
    values = [ctypes.c_size_t() for _ in range(8)]
    _process.mi_process_info(*(ctypes.byref(value) for value in values))
    committed = values[5].value
    return AllocatorReading({}, {"arena": committed}, uncounted=("native",))


def _trim_mimalloc() -> bool:
    _process.mi_collect(True)
    return False


def active_allocator() -> Allocator:
    """The allocator that this process runs under, preloaded or the system's own."""
    if hasattr(_process, "mallctl"):
        return Allocator("jemalloc", _read_jemalloc, _trim_jemalloc)
    if hasattr(_process, "mi_process_info"):
        return Allocator("mimalloc", _read_mimalloc, _trim_mimalloc)
    return Allocator("system", _read_system, _trim_system)
