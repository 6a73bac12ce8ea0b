"""All that tells of a program, read together when a sample is due, and never waited for longer than a limit."""

import asyncio
from collections.abc import Sequence
from functools import partial

from exporter.checked import printable
from exporter.processes.daemon_threads import in_daemon_thread
from exporter.record.state import SubjectState
from exporter.record.told import Told, note_told
from exporter.watch.sources import DEADLINE_SECONDS, Source, merged


class Readings:
    """The sources of one program, each read by a thread of its own.

    One that has not answered in time has failed, whatever it does; it is read again once it has let go of its thread.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._busy: dict[str, asyncio.Future[Told]] = {}

    async def note(self, state: SubjectState, limit: float) -> None:
        """Read all sources at once and note what they tell within ``limit`` seconds; what fails is noted too."""
        limit = min(limit, DEADLINE_SECONDS)
        readings = {
            source.name: in_daemon_thread(partial(source.read), source.name)
            for source in self._sources
            if source.name not in self._busy or self._busy[source.name].done()
        }
        self._busy |= readings
        if readings:
            await asyncio.wait(readings.values(), timeout=limit)
        told: list[Told] = []
        failures: dict[str, str] = {}
        for source in self._sources:
            reading = readings.get(source.name)
            if reading is None or not reading.done():
                failures[source.name] = f"it has not answered within {limit:g} s"
            elif error := reading.exception():
                failures[source.name] = printable(str(error) or type(error).__name__)
            else:
                told.append(reading.result())
        note_told(state, merged(told), {source.name: failures.get(source.name, "") for source in self._sources})
