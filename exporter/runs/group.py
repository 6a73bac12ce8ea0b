"""The subjects of a run, taken through its steps together: on one network, in step, under the same load."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

from exporter.errors import ExporterError
from exporter.runs.subject import SubjectRun
from exporter.settings.connection import Connection


class SubjectGroup:
    """The steps of `SubjectRun`, each done for every subject at once; a step is over when all are."""

    def __init__(self, subjects: Sequence[SubjectRun]) -> None:
        self._subjects = subjects

    def __iter__(self) -> Iterator[SubjectRun]:
        return iter(self._subjects)

    @property
    def error(self) -> ExporterError | None:
        """What went wrong first, in the subjects' order."""
        return next((subject.error for subject in self._subjects if subject.error is not None), None)

    @property
    def payments(self) -> int:
        return sum(subject.state.load.payments.total() for subject in self._subjects)

    def elapsed(self) -> float:
        """Seconds since the start of the load, 0 before it."""
        return max(subject.elapsed() for subject in self._subjects)

    async def start(self, connection: Connection, storage: Path) -> None:
        """Start every subject's process, each with storage of its own; raises SubjectError if one doesn't come up."""
        await _together(subject.start(connection, storage / subject.state.driver) for subject in self._subjects)

    async def prepare(self) -> None:
        """Connect and fund all wallets; raises LoadError or SubjectError."""
        await _together(subject.prepare() for subject in self._subjects)

    async def load(self, stop: asyncio.Event) -> None:
        """Pay and take samples until ``stop``; a subject that fails leaves the others to it."""
        await _together(subject.load(stop) for subject in self._subjects)

    async def finish(self) -> None:
        await _together(subject.finish() for subject in self._subjects)

    async def dump_heap(self) -> None:
        await _together(subject.dump_heap() for subject in self._subjects)

    async def stop(self) -> None:
        await _together(subject.stop() for subject in self._subjects)

    def fail(self, error: ExporterError) -> None:
        for subject in self._subjects:
            subject.fail(error)

    def kill(self) -> None:
        for subject in self._subjects:
            subject.kill()


async def _together(work: Iterator[Coroutine[Any, Any, None]]) -> None:
    """Do all of it at once; when one fails, cancel the others and raise what it raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
