"""The subjects of a measurement, taken through its steps together."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from typing import Any

from exporter.errors import ExporterError
from exporter.runs.subject import SubjectRun


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
        """Seconds since the start of the measurement, 0 before it."""
        return max(subject.elapsed() for subject in self._subjects)

    async def measure(self, stop: asyncio.Event) -> None:
        """Take samples until ``stop``; a subject that fails leaves the others to it."""
        await together(subject.measure(stop) for subject in self._subjects)

    async def stop(self) -> None:
        await together(subject.stop() for subject in self._subjects)

    def kill(self) -> None:
        for subject in self._subjects:
            subject.kill()


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it at once; when one fails, cancel the others and raise what it raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
