"""A program that is watched: a subject without a load."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from exporter.durations import format_duration
from exporter.record.probes import resident_by_name
from exporter.runs.subject import SubjectRun, Surroundings
from exporter.settings.watch import WatchConfig
from exporter.watch.program import Ending, Program, failure
from exporter.watch.sources import Source, merged
from exporter.watch.told import Told, UnreadableError

_log = logging.getLogger(__name__)


class WatchedProgram(SubjectRun):
    """A program and what it tells of itself; ``start`` comes first."""

    def __init__(
        self, config: WatchConfig, surroundings: Surroundings, program: Program, sources: Sequence[Source]
    ) -> None:
        super().__init__(surroundings, config.duration_seconds, config.mem_interval_seconds)
        self._program, self._sources = program, sources

    async def start(self) -> None:
        """Start the program, or find it; raises ConfigError."""
        self.state.pid = await self._program.start()

    async def _work(self, stop: asyncio.Event) -> None:
        ending, stopped = asyncio.create_task(self._program.ended(self._on_process)), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([ending, stopped], return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                self._note(ending.result())
        finally:
            ending.cancel()
            stopped.cancel()
            await asyncio.gather(ending, stopped, return_exceptions=True)

    async def _sample(self) -> None:
        if self.state.up:  # not between two processes
            told = await asyncio.gather(*(asyncio.to_thread(self._read, source) for source in self._sources))
            self._keep(merged([each for each in told if each is not None]))
            self.state.other_bytes = await asyncio.to_thread(resident_by_name, self.state.pid, self._program.others)
        if self.state.up:
            await super()._sample()

    async def _end(self) -> None:
        await self._program.stop()

    def kill(self) -> None:
        self._program.kill()

    def _read(self, source: Source) -> Told | None:
        try:
            told = source.read()
        except (OSError, UnreadableError) as error:
            if self.state.source_success.get(source.name, True):
                _log.warning("%s can't be read: %s", source.name, error)
            self.state.source_success[source.name] = False
            return None
        self.state.source_success[source.name] = True
        return told

    def _keep(self, told: Told) -> None:
        state = self.state
        state.heap_bytes, state.allocator_bytes = dict(told.heap_bytes), dict(told.allocator_bytes)
        state.heap_time = datetime.now(UTC) if told.heap_bytes else state.heap_time
        state.group_bytes = dict(told.group_bytes)
        state.objects, state.collections, state.goroutines = told.objects, told.collections, told.goroutines
        if told.payments is not None:
            state.load.payments["any"] = told.payments

    def _note(self, ending: Ending) -> None:
        """Say how the program has ended, which is an error if it failed."""
        seconds = self.elapsed()
        self.state.pid, self.state.phase = None, "stopped"
        self._console.line(f"{self._program.name} ended after {format_duration(round(seconds))}: {ending.text}")
        error = failure(self._program.name, ending, seconds)
        if error is not None:
            raise error

    def _on_process(self, pid: int | None) -> None:
        """Go on with another process; one that comes after there was none has been started anew."""
        if pid is None:
            self._console.warning(f"{self._program.name} is gone; waiting until it is started anew")
        elif not self.state.up:
            self.state.restarts += 1
            self._console.warning(f"{self._program.name} has been started anew, process {pid}")
        self.state.pid = pid
        self.state.phase = "starting" if pid is None else "running"
