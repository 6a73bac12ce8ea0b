"""All sources of a program together: whatever they do, what is there in time is noted, and nothing is waited for."""

import asyncio
import threading
import time
from typing import ClassVar

import pytest

from exporter.drivers.protocol import Heap
from exporter.record.state import SubjectState
from exporter.record.told import Told
from exporter.watch.readings import Readings


class Good:
    name: ClassVar[str] = "scrape"

    def read(self) -> Told:
        return Told(Heap({"go": 42}))


class Stalled:
    """One that hangs until it is let go."""

    name: ClassVar[str] = "pprof"

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.reads = 0

    def read(self) -> Told:
        self.reads += 1
        self.let_go.wait()
        return Told(Heap({"native": self.reads}))


class Broken:
    """One that fails as none should."""

    name: ClassVar[str] = "expvar"

    def read(self) -> Told:
        raise RuntimeError("a\x1b[2J")


def test_what_is_there_in_time_is_noted_and_the_rest_has_failed(caplog: pytest.LogCaptureFixture) -> None:
    state, stalled = SubjectState("x"), Stalled()
    readings = Readings([Good(), stalled, Broken()])

    async def main() -> None:
        began = time.monotonic()
        for _ in range(3):
            await readings.note(state, 0.1)
            assert state.heap_bytes == {"go": 42}
            assert state.source_success == {"scrape": True, "pprof": False, "expvar": False}
        assert time.monotonic() - began < 5
        # One thread at a time is all that a source can hold.
        assert stalled.reads == 1
        stalled.let_go.set()
        async with asyncio.timeout(60):
            while not state.source_success["pprof"]:
                await readings.note(state, 1.0)
        assert state.heap_bytes["native"] > 1

    asyncio.run(main())
    assert caplog.text.count("pprof can't be read: it has not answered within 0.1 s") == 1
    assert caplog.text.count(r"expvar can't be read: a\x1b[2J") == 1


def test_a_source_that_hangs_does_not_hold_up_the_end() -> None:
    stalled = Stalled()
    began = time.monotonic()
    asyncio.run(Readings([stalled]).note(SubjectState("x"), 0.1))
    assert time.monotonic() - began < 5
    stalled.let_go.set()
