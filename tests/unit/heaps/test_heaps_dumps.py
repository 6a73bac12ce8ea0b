"""Heap dumps of a run: a note lies beside each dump that was written, and beside no other."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from exporter.drivers.subject import CommandError, Subject
from exporter.heaps.dumps import DumpNote, HeapDumps, read_note
from exporter.record.state import SubjectState


class Driver:
    """One that writes heap dumps, or has no command for it."""

    def __init__(self, last: Path, *, able: bool) -> None:
        self.last, self.able = last, able

    async def request(self, do: str, /, path: str = "", **_: Any) -> None:
        if not self.able:
            raise CommandError(do, f"this driver has no command {do!r}", "unknown_command")
        (Path(path) if path else self.last).touch()


async def at_once(act: Callable[[], Awaitable[None]]) -> None:
    await act()


def dumps(directory: Path, *, able: bool) -> HeapDumps:
    path = directory / "heap.bin"
    subject = cast("Subject", Driver(path, able=able))
    return HeapDumps(path, subject, SubjectState("own"), lambda: 2.5, at_once)


def test_a_note_lies_beside_each_dump(tmp_path: Path) -> None:
    taken = dumps(tmp_path, able=True)

    async def both() -> list[Path]:
        early = await taken.take("early")
        await taken.end()
        return [early, taken.path]

    assert [read_note(path) for path in asyncio.run(both())] == [DumpNote(2.5, 0, 0)] * 2


def test_a_driver_without_heap_dumps_leaves_no_files(tmp_path: Path) -> None:
    taken = dumps(tmp_path, able=False)
    for dump in (taken.take("early"), taken.end()):
        with pytest.raises(CommandError, match="no command"):
            asyncio.run(cast("Any", dump))
    assert not list(tmp_path.iterdir())
