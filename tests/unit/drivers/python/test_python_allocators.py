"""Heaps under each allocator, in real processes that hold a known amount; jemalloc's own profiles."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.drivers.python.jemalloc_profile import NativeSite, native_sites, parse_heap_v2
from exporter.drivers.python.pprof import Address, Frame, Mapping
from exporter.settings.allocator import allocator_environment, library_directories

pytestmark = pytest.mark.system

HELD_BYTES = 50_000_000

# Holds native blocks, reads the heaps before and after and when they are freed, and has what is free given back.
PROGRAM = """
import ctypes, json
from exporter.drivers.python.allocators import active_allocator
from exporter.drivers.python.heaps import HeapReader
from exporter.drivers.python.jemalloc_profile import native_heap

libc = ctypes.CDLL(None)
libc.strdup.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
reader, allocator = HeapReader(), active_allocator()

def reading():
    heap = reader.read()
    return {"heaps": heap.heap_bytes, "held": heap.allocator_bytes, "unreadable": heap.unreadable}

before = reading()
blocks = [libc.strdup(4999 * b"x") for _ in range(10_000)]
holding, native = reading(), native_heap()
for block in blocks:
    libc.free(block)
freed = reading()
allocator.trim()
print(json.dumps({
    "name": allocator.name, "before": before, "holding": holding, "freed": freed, "trimmed": reading(),
    "sites": sorted(([site.size, site.frames[0].mapping.file] for site in native), reverse=True)[:3],
}))
"""


def under(allocator: str, *, profiled: bool = False) -> dict[str, object]:
    """What the program prints when it runs under an allocator."""
    environment = allocator_environment(allocator, {}, library_directories(), profiled=profiled)  # type: ignore[arg-type]
    command = [sys.executable, "-c", PROGRAM]
    found = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    read: dict[str, object] = json.loads(found.stdout)
    return read


@pytest.mark.parametrize("allocator", ["glibc", "jemalloc"])
def test_native_memory_in_use_is_what_is_held(allocator: str) -> None:
    read = under(allocator)
    before, holding, freed = (read[name]["heaps"] for name in ("before", "holding", "freed"))  # type: ignore[index]
    assert abs(holding["native"] - before["native"] - HELD_BYTES) < 0.05 * HELD_BYTES
    assert abs(freed["native"] - before["native"]) < 0.02 * HELD_BYTES
    assert abs(holding["python"] - before["python"]) < 1_000_000
    assert read["sites"] == []


@pytest.mark.parametrize(("allocator", "held"), [("glibc", "free"), ("jemalloc", "free")])
def test_what_is_freed_is_held_until_it_is_given_back(allocator: str, held: str) -> None:
    read = under(allocator)
    freed, trimmed = (read[name]["held"][held] for name in ("freed", "trimmed"))  # type: ignore[index]
    assert freed > 0.5 * HELD_BYTES
    if allocator == "jemalloc":
        assert trimmed < 0.2 * HELD_BYTES


def test_jemalloc_gives_all_of_its_statistics() -> None:
    held = under("jemalloc")["holding"]["held"]  # type: ignore[index]
    assert held.keys() == {"allocated", "active", "resident", "retained", "free"}
    assert held["allocated"] <= held["active"] <= held["resident"]


def test_mimalloc_says_what_it_holds_and_that_it_does_not_count_what_is_in_use() -> None:
    read = under("mimalloc")
    assert read["name"] == "mimalloc"
    assert read["holding"]["unreadable"] == ["native"]  # type: ignore[index]
    arenas = [read[name]["held"]["arena"] for name in ("before", "holding")]  # type: ignore[index]
    assert arenas[1] - arenas[0] > 0.5 * HELD_BYTES


def test_jemallocs_profiler_estimates_what_native_code_holds() -> None:
    sites = under("jemalloc", profiled=True)["sites"]
    assert isinstance(sites, list)
    size, library = sites[0]
    assert abs(size - HELD_BYTES) < 0.25 * HELD_BYTES
    assert "libc.so" in library  # whose strdup asks for them


DUMP = """heap_v2/131072
  t*: 3: 70000 [0: 0]
  t0: 3: 70000 [0: 0]
@ 0x7f0000001010 0x7f1000002020 0x555500001030
  t*: 1: 65536 [0: 0]
  t0: 1: 65536 [0: 0]
@ 0x7f0000001010 0x555500001030
  t*: 2: 4464 [9: 99]
  t0: 2: 4464 [9: 99]

MAPPED_LIBRARIES:
555500000000-555500001000 r--p 00000000 fe:00 18500   /usr/bin/python3.11
555500001000-555500002000 r-xp 00001000 fe:00 18500   /usr/bin/python3.11
7f0000001000-7f0000002000 r-xp 00003000 fe:00 18501   /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
7f0000005000-7f0000006000 rw-p 00000000 00:00 0
7f1000002000-7f1000003000 r-xp 00004000 fe:00 18502   /opt/my sdk/libsdk.so
"""


def test_a_dump_of_jemalloc_is_read_and_the_interpreters_part_left_out() -> None:
    dump = parse_heap_v2(DUMP)
    assert dump.mappings[-1] == Mapping(0x7F1000002000, 0x7F1000003000, 0x4000, "/opt/my sdk/libsdk.so")
    assert [stack.addresses[-1] for stack in dump.stacks] == [0x55550000102F] * 2
    # Half of the mean distance between samples: sampled with probability 1 - exp(-1/2).
    expected = round(65536 / 0.3934693)
    interpreter, _, sdk = dump.mappings
    frames = (Address(0x7F100000201F, sdk), Address(0x55550000102F, interpreter))
    assert native_sites(dump) == [NativeSite(frames, 3, expected)]


@pytest.mark.parametrize("text", ["", "heap profile: 1", "heap_v2/131072\n", DUMP.replace(": 65536 [", " [")])
def test_another_format_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="jemalloc"):
        parse_heap_v2(text)


@given(st.text(alphabet="@ 0x1f:[]t*\n/MAPED_LIBRS-", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        heap = parse_heap_v2("heap_v2/131072\n" + text + "MAPPED_LIBRARIES:\n")
    except ValueError:
        return
    assert all(frame == Frame("unknown", "", 0) for site in native_sites(heap) for frame in site.frames)
