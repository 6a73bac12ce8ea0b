"""What a driver does to be profiled, and that one that isn't does not even load it."""

import asyncio
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from pprof_reading import read_profile

from exporter.drivers.python.profiler import ProfileError, Profiler
from exporter.heaps.reading import read_dump

pytestmark = pytest.mark.processes

UNPROFILED = """
import sys
from exporter.drivers.python import agent
from exporter.drivers.python import breez
assert agent._profiler({}) is None
ours = {"exporter.drivers.python.profiler", "exporter.drivers.python.pprof", "exporter.heaps"}
loaded = {"memray", "tracemalloc"} | ours
print(sorted(loaded & sys.modules.keys()))
"""
DUMPED = """
import asyncio
from exporter.drivers.python.profiler import Profiler
profiler = Profiler({"heap_dump": "all.bin"})
kept = bytearray(3_000_000)
asyncio.run(profiler.commands["heap_dump"]({"path": "early.bin"}))
more = bytearray(5_000_000)
asyncio.run(profiler.commands["end_heap_dump"]({}))
after = bytearray(9_000_000)
try:
    asyncio.run(profiler.commands["heap_dump"]({"path": "late.bin"}))
except Exception as error:
    print(error)
"""
BOTH = """
import asyncio
from exporter.drivers.python.profiler import Profiler
profiler = Profiler({"traced_frames": 4, "heap_dump": "all.bin"})
kept = bytearray(3_000_000)
asyncio.run(profiler.commands["profile"]({"kind": "heap", "path": "heap.pb.gz"}))
profiler.close()
"""


def do(profiler: Profiler, command: str, **args: Any) -> None:
    async def asked() -> None:
        await profiler.commands[command](args)

    asyncio.run(asked())


def test_a_driver_that_is_not_profiled_loads_nothing_for_it() -> None:
    found = subprocess.run([sys.executable, "-c", UNPROFILED], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_profiles_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    profiler = Profiler({"traced_frames": 4})
    try:
        kept = [bytes(2000) for _ in range(1000)]
        do(profiler, "profile", kind="heap", path=str(tmp_path / "heap"))
        do(profiler, "profile", kind="cpu", seconds=0.05, path=str(tmp_path / "cpu"))
    finally:
        tracemalloc.stop()
    heap = read_profile((tmp_path / "heap").read_bytes())
    assert heap.value_types[-1] == ("inuse_space", "bytes")
    assert max(values[1] for values in heap.samples.values()) > 2_000_000
    assert read_profile((tmp_path / "cpu").read_bytes()).value_types[-1] == ("cpu", "nanoseconds")
    assert len(kept) == 1000


def test_what_was_not_asked_for_beforehand_is_refused(tmp_path: Path) -> None:
    profiler = Profiler({})
    with pytest.raises(ProfileError, match="traced_frames"):
        do(profiler, "profile", kind="heap", path=str(tmp_path / "x"))
    with pytest.raises(ProfileError, match="heap_dump"):
        do(profiler, "heap_dump", path=str(tmp_path / "x"))
    with pytest.raises(ProfileError, match="'goroutine'"):
        do(profiler, "profile", kind="goroutine", path=str(tmp_path / "x"))


def test_a_dump_holds_what_was_held_at_its_moment(tmp_path: Path) -> None:
    found = subprocess.run([sys.executable, "-c", DUMPED], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "the dump has ended" in found.stdout

    def large(dump: str) -> list[int]:
        sizes = [held.size for held in read_dump(tmp_path / dump).values() if held.size > 1_000_000]
        return sorted(round(size / 1_000_000) for size in sizes)

    assert large("early.bin") == [3]
    assert large("all.bin") == [3, 5]


def test_a_profile_and_a_dump_of_one_process_see_the_same(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", BOTH], cwd=tmp_path, check=True)
    profile = read_profile((tmp_path / "heap.pb.gz").read_bytes())
    assert max(values[1] for values in profile.samples.values()) >= 3_000_000
    assert max(held.size for held in read_dump(tmp_path / "all.bin").values()) >= 3_000_000
