"""The heaps of the Python process that this runs in: what is in use, and what the allocators hold."""

import ctypes
import gc
import logging
import re
from collections.abc import Callable
from typing import TypeVar

import psutil

from exporter.drivers.protocol import Heap

log = logging.getLogger(__name__)

T = TypeVar("T")

_libc = ctypes.CDLL(None)
_IN_USE = re.compile(rb"^# bytes in allocated blocks\s*=\s*([0-9,]+)\s*$", re.MULTILINE)


class HeapReader:
    """Reads the heaps of its own process; a figure that this platform lacks is left out.

    ``python`` is what pymalloc's blocks hold (objects up to 512 bytes), ``native`` what malloc's chunks hold (larger
    Python objects and everything native), ``mmap`` what malloc has mapped singly. The three don't overlap.
    """

    def __init__(self) -> None:
        self._python = _working("pymalloc's statistics", read_pymalloc)
        self._malloc = _working("psutil.heap_info", _read_malloc)
        self._retained = _working("mallinfo2", read_mallinfo)

    def read(self, *, count_objects: bool = False) -> Heap:
        """Read all heaps; counting the garbage collector's objects takes milliseconds, so it is asked for."""
        heap_bytes: dict[str, int] = {}
        if self._python is not None:
            heap_bytes["python"] = self._python()
        if self._malloc is not None:
            heap_bytes |= self._malloc()
        retained = {} if self._retained is None else self._retained()
        # Last, as the list of all objects is itself a large block.
        objects = len(gc.get_objects()) if count_objects else None
        return Heap(heap_bytes, retained, objects)


def parse_pymalloc_stats(text: bytes) -> int:
    """Bytes in pymalloc's allocated blocks, from the text of ``_PyObject_DebugMallocStats``.

    Raises ValueError if the text has no such line, as when pymalloc is off.
    """
    found = _IN_USE.search(text)
    if found is None:
        raise ValueError("no line for bytes in allocated blocks; is pymalloc off?")
    return int(found[1].replace(b",", b""))


def read_pymalloc() -> int:
    """Bytes in use in pymalloc's blocks; raises ValueError or AttributeError where there is none."""
    text, size = ctypes.c_void_p(), ctypes.c_size_t()
    print_stats = ctypes.pythonapi._PyObject_DebugMallocStats
    print_stats.argtypes = _libc.fclose.argtypes = _libc.free.argtypes = [ctypes.c_void_p]
    _libc.open_memstream.restype = ctypes.c_void_p
    stream = _libc.open_memstream(ctypes.byref(text), ctypes.byref(size))
    if not stream:
        raise MemoryError("open_memstream failed")
    try:
        print_stats(stream)
    finally:
        _libc.fclose(stream)
    try:
        return parse_pymalloc_stats(ctypes.string_at(text.value or 0, size.value))
    finally:
        _libc.free(text)


# malloc.h of glibc 2.33 and later
_MALLINFO2_FIELDS = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)


class _Mallinfo2(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_size_t) for name in _MALLINFO2_FIELDS)


def read_mallinfo() -> dict[str, int]:
    """What malloc holds: ``arena`` from the kernel for its arenas, of which ``free`` is not in use and ``top`` could
    be given back from the top; raises AttributeError where there is no mallinfo2.
    """
    _libc.mallinfo2.restype = _Mallinfo2
    info = _libc.mallinfo2()
    return {"arena": info.arena, "free": info.fordblks, "top": info.keepcost}


def trim() -> bool:
    """Have malloc give back what it can to the kernel; tells whether it gave any.

    Raises AttributeError where there is no malloc_trim.
    """
    return bool(_libc.malloc_trim(0))


def _read_malloc() -> dict[str, int]:
    info = psutil.heap_info()
    return {"native": info.heap_used, "mmap": info.mmap_used}


def _working(name: str, reader: Callable[[], T]) -> Callable[[], T] | None:
    """The reader, or None with one warning if it fails here."""
    try:
        reader()
    except (AttributeError, ValueError, OSError, NotImplementedError) as error:
        log.warning("%s can't be read here, its figures are left out: %s", name, error)
        return None
    return reader
