"""Reading the heaps of a Python process, each of which sees what is its own."""

import gc

import psutil
import pytest

from exporter.drivers.python.allocators import active_allocator, read_mallinfo
from exporter.drivers.python.heaps import HeapReader, parse_pymalloc_stats

# The end of what CPython 3.11 prints.
PYMALLOC_STATS = b"""
# arenas allocated current         =                    4
4 arenas * 1048576 bytes/arena     =            4,194,304

# bytes in allocated blocks        =            3,107,600
# bytes in available blocks        =              276,560
46 unused pools * 16384 bytes      =              753,664
"""


def test_the_bytes_in_use_are_read_from_pymallocs_statistics() -> None:
    assert parse_pymalloc_stats(PYMALLOC_STATS) == 3_107_600


def test_statistics_without_pymalloc_are_refused() -> None:
    with pytest.raises(ValueError, match="is pymalloc off"):
        parse_pymalloc_stats(b"")


def test_small_objects_are_pythons_and_large_ones_native() -> None:
    reader = HeapReader()
    before = reader.read().heap_bytes
    small = [str(number) * 3 for number in range(100_000, 120_000)]
    between = reader.read().heap_bytes
    large = [bytes(10_000) for _ in range(500)]
    after = reader.read().heap_bytes

    assert len(small) == 20_000
    assert between["python"] - before["python"] > 20_000 * 60
    assert len(large) == 500
    assert after["python"] - between["python"] < 200_000
    grown = sum(after[heap] - between[heap] for heap in ("native", "mmap"))
    assert 5_000_000 <= grown < 6_000_000


def test_freed_memory_is_not_in_use() -> None:
    reader = HeapReader()
    kept = [bytes(10_000) for _ in range(500)]
    before = reader.read().heap_bytes
    kept.clear()
    assert before["native"] - reader.read().heap_bytes["native"] > 4_000_000


def test_objects_are_counted_when_asked_for() -> None:
    reader = HeapReader()
    reader.read(count_objects=True)  # from here on, what was set aside before the tests is looked through again
    gc.collect()
    before = reader.read(count_objects=True).objects
    kept: list[list[int]] = [[] for _ in range(10_000)]
    gc.collect()
    after = reader.read(count_objects=True).objects
    assert before is not None
    assert after is not None
    assert 9_000 < after - before < 11_000  # what other tests left may go meanwhile
    assert len(kept) == 10_000
    assert reader.read().objects is None
    gc.freeze()


def test_what_malloc_holds_is_what_is_in_use_and_what_is_free() -> None:
    kept = [bytes(100_000) for _ in range(200)]
    del kept[::2]
    held, in_use = read_mallinfo(), HeapReader().read().heap_bytes["native"]
    assert abs(held["arena"] - held["free"] - in_use) < 100_000


def test_trimming_gives_free_memory_back_to_the_kernel() -> None:
    kept = [bytes(100_000) for _ in range(500)]
    del kept[:-1]
    before = psutil.Process().memory_info().rss
    assert active_allocator().trim()
    assert psutil.Process().memory_info().rss < before - 20e6
