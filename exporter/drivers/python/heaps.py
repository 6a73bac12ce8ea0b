"""The heaps of the Python process that this runs in: what is in use, and what the allocators hold."""

import ctypes
import gc
import logging
import re
import sys
from collections.abc import Callable
from typing import TypeVar

from exporter.drivers.protocol import Heap
from exporter.drivers.python.allocators import AllocatorReading, active_allocator

log = logging.getLogger(__name__)

T = TypeVar("T")

_libc = ctypes.CDLL(None)
_IN_USE = re.compile(rb"^# bytes in allocated blocks\s*=\s*([0-9,]+)\s*$", re.MULTILINE)


class HeapReader:
    """Reads the heaps of its own process; a figure that this platform lacks is left out.

    ``python`` is what pymalloc's blocks hold (objects up to 512 bytes), ``native`` what malloc's chunks hold (larger
    Python objects and everything native), ``mmap`` what glibc's malloc has mapped singly. The three don't overlap:
    pymalloc maps its arenas itself. Under mimalloc ``native`` is unreadable.
    """

    def __init__(self) -> None:
        self._python = _working("pymalloc's statistics", read_pymalloc)
        # A tracer on top of pymalloc hides its statistics, while its blocks are there all the same.
        self._hidden = ("python",) if self._python is None and sys.getallocatedblocks() else ()
        allocator = active_allocator()
        self._malloc = _working(f"the statistics of the {allocator.name} allocator", allocator.read)

    def read(self, *, count_objects: bool = False) -> Heap:
        """Read all heaps; counting the garbage collector's objects takes longer, so it is asked for."""
        python = {} if self._python is None else {"python": self._python()}
        malloc = AllocatorReading({}, {}) if self._malloc is None else self._malloc()
        objects = count_tracked_objects() if count_objects else None
        collections = sum(generation["collections"] for generation in gc.get_stats())
        unreadable = (*self._hidden, *malloc.uncounted)
        return Heap({**python, **malloc.in_use}, malloc.held, objects, collections, unreadable=unreadable)


def count_tracked_objects() -> int:
    """Objects that the garbage collector knows, all of which are in its oldest generation afterwards.

    Not by ``gc.get_objects()``: its list holds tuples which other threads are still building, and makes them fail.
    """
    gc.freeze()
    try:
        return gc.get_freeze_count()
    finally:
        gc.unfreeze()


def parse_pymalloc_stats(text: bytes) -> int:
    """Bytes in pymalloc's allocated blocks, from the text of ``_PyObject_DebugMallocStats``.

    Raises ValueError if the text has no such line, as when pymalloc is off.
    """
    found = _IN_USE.search(text)
    if found is None:
        raise ValueError("no line for bytes in allocated blocks; is pymalloc off, or traced?")
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


def _working(name: str, reader: Callable[[], T]) -> Callable[[], T] | None:
    """The reader, or None with one warning if it fails here."""
    try:
        reader()
    except (AttributeError, ValueError, OSError, NotImplementedError) as error:
        log.warning("%s can't be read here, its figures are left out: %s", name, error)
        return None
    return reader
