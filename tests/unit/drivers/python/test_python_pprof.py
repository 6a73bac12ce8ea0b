"""The pprof format, read back by a decoder of its own and by Go's pprof."""

import gzip
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pprof_reading import ReadProfile, read_profile

from exporter.drivers.python.pprof import Frame, Profile, ValueType
from exporter.drivers.python.profiles import FunctionNames, cpu_profile, heap_profile

HOARDER = Path(__file__).parents[3] / "fixtures" / "hoarder.py"
FRAMES = st.builds(Frame, st.text(min_size=1, max_size=8), st.text(max_size=8), st.integers(0, 2**40))
SAMPLES = st.lists(st.tuples(st.lists(FRAMES, max_size=4).map(tuple), st.integers(-(2**62), 2**62)), max_size=6)


def a_profile() -> Profile:
    return Profile(
        [ValueType("inuse_objects", "count"), ValueType("inuse_space", "bytes")], ValueType("space", "bytes"), 1, 17
    )


@given(SAMPLES)
def test_what_was_added_is_read_back(samples: list[tuple[tuple[Frame, ...], int]]) -> None:
    profile = a_profile()
    expected: dict[tuple[Frame, ...], int] = {}
    for stack, value in samples:
        if abs(expected.get(stack, 0) + value) < 2**63:
            profile.add(stack, (1, value))
            expected[stack] = expected.get(stack, 0) + value
    found = read_profile(profile.encode())
    assert {stack: values[1] for stack, values in found.samples.items()} == expected
    assert found.value_types == [("inuse_objects", "count"), ("inuse_space", "bytes")]


def profile_of_a_hoarder(*told: str) -> ReadProfile:
    """Of a process of its own: what the tests themselves hold is much."""
    done = subprocess.run([sys.executable, HOARDER, *told], capture_output=True, check=True)
    return read_profile(done.stdout)


@pytest.mark.processes
def test_the_heap_profile_names_who_holds_what() -> None:
    found = profile_of_a_hoarder()
    held = {stack: values for stack, values in found.samples.items() if values[1] > 1_000_000}
    ((stack, (objects, size)),) = held.items()
    assert objects == 1000
    assert 5_000_000 < size < 5_100_000
    assert stack[0].function == "hoarder.Cache.keep.<locals>.<genexpr>"
    assert stack[0].file == str(HOARDER)


@pytest.mark.processes
def test_what_is_freed_is_not_in_the_heap_profile() -> None:
    assert all(values[1] < 1_000_000 for values in profile_of_a_hoarder("free").samples.values())


def test_without_tracing_there_is_no_heap_profile() -> None:
    with pytest.raises(RuntimeError):
        heap_profile()


def test_a_line_outside_of_every_function_is_its_modules() -> None:
    names = FunctionNames([__file__])
    assert names.at(__file__, 1) == "test_python_pprof.<module>"
    assert names.at("/nowhere/at/all.py", 3) == "all.<module>"


def spin(until: threading.Event) -> None:
    while not until.is_set():
        sum(range(1000))


def test_the_cpu_profile_names_who_spends_and_not_who_waits() -> None:
    over = threading.Event()
    threads = [threading.Thread(target=spin, args=[over]), threading.Thread(target=over.wait)]
    for thread in threads:
        thread.start()
    try:
        began = time.process_time_ns()
        profiles: list[bytes] = []
        sampler = threading.Thread(target=lambda: profiles.append(cpu_profile(0.3)))
        sampler.start()
        sampler.join()
        spent = time.process_time_ns() - began
    finally:
        over.set()
        for thread in threads:
            thread.join()
    found = read_profile(profiles[0])
    by_function = {
        name: sum(values[1] for stack, values in found.samples.items() if any(name in each.function for each in stack))
        for name in ("spin", "Event.wait")
    }
    assert 0.5 * spent < by_function["spin"] <= spent
    assert by_function["Event.wait"] < 0.2 * spent


@pytest.mark.processes
def test_the_measured_process_loads_nothing_that_reads_profiles() -> None:
    code = "import sys, exporter.drivers.python.profiler; print(*{'elftools', 'google'} & sys.modules.keys())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "\n"


@pytest.mark.system
def test_go_reads_the_profile(tmp_path: Path) -> None:
    go = shutil.which("go")
    assert go, "Go is missing: make tools"
    profile = a_profile()
    profile.add([Frame("core.leak", "core.py", 7), Frame("core.main", "core.py", 99)], (3, 3 * 1024 * 1024))
    profile.add([Frame("core.other", "core.py", 8), Frame("core.main", "core.py", 99)], (1, 1024 * 1024))
    path = tmp_path / "heap.pb.gz"
    path.write_bytes(profile.encode())
    top = subprocess.run([go, "tool", "pprof", "-top", path], capture_output=True, text=True, check=True).stdout
    assert "Type: inuse_space" in top
    assert re.search(r"3MB 75\.00% +75\.00% +3MB 75\.00% +core\.leak", top)
    assert re.search(r"0 +0% +100% +4MB +100% +core\.main", top)


def test_it_is_gzipped() -> None:
    assert gzip.decompress(a_profile().encode())
