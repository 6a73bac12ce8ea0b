"""What the agents of a program's processes tell, as it is added up."""

import os
import time

import psutil
import pytest

from exporter.checked import UnreadableError
from exporter.watch.agents.told import AgentSource


def message(pause: float = 1.0, unreadable: str = "", **heaps: int) -> bytes:
    sizes = ",".join(f'"{heap}":{size}' for heap, size in heaps.items())
    named = f'"{unreadable}"' if unreadable else ""
    return (
        f'{{"heap_bytes":{{{sizes}}},"allocator_bytes":{{"arena":7}},"unreadable_heaps":[{named}],'
        f'"collections":3,"pause_seconds":{pause}}}'
    ).encode()


@pytest.fixture
def here() -> psutil.Process:
    return psutil.Process()


@pytest.fixture
def parent() -> psutil.Process:
    return psutil.Process(os.getppid())


def test_nothing_is_told_where_no_agent_has_told_anything(here: psutil.Process) -> None:
    told = AgentSource(lambda: [here]).read()
    assert not told.heap.heap_bytes
    assert not told.heap.unreadable


def test_what_processes_tell_is_added_up_and_others_do_not_count(here: psutil.Process, parent: psutil.Process) -> None:
    source = AgentSource(lambda: [here, parent])
    source.hear(here.pid, message(python=100, native=20))
    source.hear(parent.pid, message(python=1, unreadable="native"))
    source.hear(1 << 30, message(python=1 << 40))
    heap = source.read().heap
    assert heap.heap_bytes == {"python": 101, "native": 20}
    assert heap.allocator_bytes == {"arena": 14}
    assert heap.collections == 6
    assert heap.unreadable == ("native",)


def test_the_lowest_reading_since_the_sample_before_holds(here: psutil.Process) -> None:
    source = AgentSource(lambda: [here])
    for size in (300, 100, 200):
        source.hear(here.pid, message(python=size))
    assert source.read().heap.heap_bytes == {"python": 100}
    assert source.read().heap.heap_bytes == {"python": 200}
    source.hear(here.pid, message(python=400))
    assert source.read().heap.heap_bytes == {"python": 400}


def test_the_heap_of_a_process_that_has_fallen_silent_is_not_known(
    here: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = AgentSource(lambda: [here])
    source.hear(here.pid, message(pause=2.0, python=100))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 10)
    assert source.read().heap.heap_bytes == {"python": 100}
    monkeypatch.setattr(time, "monotonic", lambda: now + 12)
    with pytest.raises(UnreadableError, match=f"process {here.pid} has told nothing for 12 s"):
        source.read()


def test_a_process_that_runs_another_program_now_has_no_agent_any_more(
    here: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = AgentSource(lambda: [here])
    source.hear(here.pid, message(python=100))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3600)
    monkeypatch.setattr(os, "readlink", lambda _: "/bin/other")
    assert not source.read().heap.heap_bytes


@pytest.mark.parametrize("line", [b"", b"\n", b"[]", b"{" * 5000, b'{"heap_bytes":3}', b'{"pause_seconds":-1}'])
def test_what_is_no_message_is_refused(here: psutil.Process, line: bytes) -> None:
    source = AgentSource(lambda: [here])
    with pytest.raises(UnreadableError):
        source.hear(here.pid, line)
    assert not source.read().heap.heap_bytes
