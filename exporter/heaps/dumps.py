"""Heap dumps of a run: when they are taken, where they are, and what the load had done by then."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from exporter.drivers.subject import Subject
from exporter.errors import ConfigError
from exporter.record.state import SubjectState
from exporter.scenarios.abandon_instances import COUNTER as ABANDONED
from exporter.whole_files import write_whole

# By then caches are filled, and most of the load is still to come.
EARLY_SHARE = 0.25
EARLY = "early"


@dataclass(frozen=True, slots=True)
class DumpNote:
    """How far the load was at a dump."""

    elapsed_sec: float
    payments: int
    abandoned_instances: int


def dump_path(path: Path, label: str) -> Path:
    """Where a further dump goes: ``heap.memray.bin`` labelled ``early`` is ``heap-early.memray.bin``."""
    stem, dot, rest = path.name.partition(".")
    return path.with_name(f"{stem}-{label}{dot}{rest}")


def note_path(dump: Path) -> Path:
    """Where the note of a dump is."""
    return dump.with_name(dump.name + ".json")


def read_note(dump: Path) -> DumpNote | None:
    """The note of a dump, None if it has none; raises ConfigError for one that is no note."""
    path = note_path(dump)
    try:
        found = json.loads(path.read_text())
        return DumpNote(**{field.name: found[field.name] for field in fields(DumpNote)})
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is not what a run writes beside a heap dump: {error!r}; remove it") from None


class HeapDumps:
    """The dumps of one subject, of which ``path`` is the last.

    ``at_rest`` does something with the load at rest; ``elapsed`` gives the seconds since its start.
    """

    def __init__(
        self,
        path: Path,
        subject: Subject,
        state: SubjectState,
        elapsed: Callable[[], float],
        at_rest: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]],
    ) -> None:
        self.path = path
        self.early = dump_path(path, EARLY)
        self._subject = subject
        self._state = state
        self._elapsed = elapsed
        self._at_rest = at_rest
        self._taken = 0

    async def take(self, label: str = "") -> Path:
        """Take a dump while the load goes on, numbered if it has no label; raises CommandError, SubjectError."""
        self._taken += not label
        path = dump_path(self.path, label or str(self._taken))

        async def copy() -> None:
            note = self._note()
            await self._subject.request("heap_dump", path=str(path.absolute()))
            _put_beside(path, note)

        await self._at_rest(copy)
        return path

    async def end(self) -> None:
        """Take the last dump, with which tracing ends; raises CommandError, SubjectError."""
        note = self._note()
        await self._subject.request("end_heap_dump")
        _put_beside(self.path, note)

    def _note(self) -> DumpNote:
        load = self._state.load
        return DumpNote(self._elapsed(), load.payments.total(), load.counts[ABANDONED.name])


def _put_beside(dump: Path, note: DumpNote) -> None:
    write_whole(note_path(dump), json.dumps(asdict(note)) + "\n")
