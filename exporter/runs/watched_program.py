"""A program that is watched: a subject without a load."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from exporter.durations import format_duration
from exporter.record.probes import resident_by_name
from exporter.record.terms import Phase
from exporter.record.told import note_others
from exporter.runs.subject import SubjectRun, Surroundings
from exporter.settings.watch import WatchConfig
from exporter.watch.followed_csv import CsvSource
from exporter.watch.near_rest import NearRest
from exporter.watch.program import Ending, Program, failure
from exporter.watch.readings import Readings
from exporter.watch.sources import Source

# What is read beside memory may take so long, in a watch of short intervals too.
_READINGS_SECONDS = 2.0


class WatchedProgram(SubjectRun):
    """A program and what it tells of itself; ``start`` comes first. ``near_rest`` says which samples are."""

    def __init__(
        self,
        config: WatchConfig,
        surroundings: Surroundings,
        program: Program,
        sources: Sequence[Source],
        near_rest: NearRest | None = None,
    ) -> None:
        super().__init__(surroundings, config.duration_seconds, config.mem_interval_seconds)
        self._program = program
        self._sources = sources
        self._readings = Readings(sources)
        self._near_rest = near_rest
        self._agent = config.agent
        # A reading and its sample belong together: two at once would take each other's sources away.
        self._one_at_a_time = asyncio.Lock()

    @property
    def harness_csv(self) -> Path | None:
        return next((each.written for each in self._sources if isinstance(each, CsvSource)), None)

    async def start(self) -> None:
        """Start the program, or find it; raises ConfigError."""
        self.state.pid = await self._program.start()

    async def _work(self, stop: asyncio.Event) -> None:
        ending, stopped = asyncio.create_task(self._program.ended(self._on_process)), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([ending, stopped], return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                await self._take_last()
                self._note(ending.result())
        finally:
            ending.cancel()
            stopped.cancel()
            await asyncio.gather(ending, stopped, return_exceptions=True)

    async def _sample(self) -> None:
        async with self._one_at_a_time:
            if self.state.up:  # not between two processes
                await self._readings.note(self.state, max(_READINGS_SECONDS, self._interval / 2))
                note_others(self.state, await asyncio.to_thread(resident_by_name, self.state.pid, self._program.others))
            if self.state.up:
                await self._sampler.take(
                    settled=self._near_rest is not None and self._near_rest.reached(self.state, self.elapsed())
                )

    async def _end(self) -> None:
        await self._program.stop()
        if self._agent not in ("auto", "none") and self.state.last_sample is not None and self.state.heap_time is None:
            self._console.warning(
                f"agent {self._agent} has never reported: {self._program.name} had no process that it can read, "
                "or none for long enough"
            )

    def kill(self) -> None:
        self._program.kill()

    async def _take_last(self) -> None:
        """Take a sample of what a program that has ended told at its very end, if anything."""
        async with self._one_at_a_time:
            payments = self.state.load.payments.total()
            await self._readings.note(self.state, _READINGS_SECONDS)
            if self.state.heap_bytes or self.state.load.payments.total() != payments:
                await super()._sample()

    def _note(self, ending: Ending) -> None:
        """Say how the program has ended, which is an error if it failed."""
        seconds = self.elapsed()
        self.state.pid, self.state.phase = None, Phase.STOPPED
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
        self.state.phase = Phase.STARTING if pid is None else Phase.RUNNING
