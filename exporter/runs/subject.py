"""One subject of a measurement, whatever starts it and whatever load it is under: its samples, and how it ended."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import ExporterError, SubjectError
from exporter.record.csv_file import CsvSink
from exporter.record.sample import Sample
from exporter.record.sampler import Sampler
from exporter.record.state import SubjectState
from exporter.record.terms import Phase
from exporter.runs.console import Console
from exporter.runs.online_verdict import OnlineVerdict

# A regular sample this close to the last one, as a share of the interval, adds nothing.
_LAST_SAMPLE_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a subject works with: its state, its name beside others, and where its samples go."""

    state: SubjectState
    label: str
    sink: CsvSink
    console: Console
    online: OnlineVerdict


class SubjectRun(ABC):
    """One subject from start to end: it is started, then ``measure``; ``stop`` always.

    What goes wrong with the subject is kept in ``error``.
    """

    def __init__(self, surroundings: Surroundings, duration_seconds: float, mem_interval_seconds: float) -> None:
        self.state = surroundings.state
        self.error: ExporterError | None = None
        self._label = surroundings.label
        self._console = surroundings.console
        self._duration = duration_seconds
        self._interval = mem_interval_seconds
        self._sampler = Sampler(self.state, surroundings.sink, self.elapsed, self._show)
        self._sink, self._online = surroundings.sink, surroundings.online
        self._started: float | None = None
        self._stop = asyncio.Event()  # the measurement's, once it has begun
        self._first_sample = asyncio.Event()

    @property
    def harness_csv(self) -> Path | None:
        """The CSV that the subject has written of this run by itself, if it has."""
        return None

    def elapsed(self) -> float:
        """Seconds since the start of the measurement, 0 before it."""
        return 0.0 if self._started is None else asyncio.get_running_loop().time() - self._started

    async def measure(self, stop: asyncio.Event) -> None:
        """Take samples while the subject works, until ``stop`` or its end; the last one is taken whatever happens."""
        self._started, self._stop = asyncio.get_running_loop().time(), stop
        self.state.phase = Phase.RUNNING
        over = asyncio.Event()
        samples = asyncio.create_task(self._take_samples(over))
        work = asyncio.create_task(self._work(stop))
        try:
            await asyncio.wait([samples, work], return_when=asyncio.FIRST_COMPLETED)
            if samples.done():
                samples.result()  # what takes samples ends before the work only when it fails
            work.result()
        except ExporterError as error:
            self._failed(error)
        finally:
            over.set()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            if not samples.done():
                await samples
            await self._sample()

    async def stop(self) -> None:
        """End the subject, however far it got."""
        await self._end()
        self.state.pid, self.state.phase = None, Phase.STOPPED

    @abstractmethod
    def kill(self) -> None:
        """End the subject at once."""

    @abstractmethod
    async def _work(self, stop: asyncio.Event) -> None:
        """What goes on while samples are taken; raises ExporterError, SubjectError for a subject that has ended."""

    @abstractmethod
    async def _end(self) -> None:
        """End the subject's process."""

    async def _sample(self) -> None:
        await self._sampler.take()

    async def _take_samples(self, over: asyncio.Event) -> None:
        """Take a sample at once, and those between the first and the last."""
        self._online.follow(self.state, self._sink)
        try:
            await self._sample()
        finally:
            self._first_sample.set()
        last = self._duration - _LAST_SAMPLE_SHARE * self._interval
        while True:
            # A sample that took longer than the interval costs the ones that it overran.
            due = (self.elapsed() // self._interval + 1) * self._interval
            try:
                await asyncio.wait_for(over.wait(), due - self.elapsed())
            except TimeoutError:
                if due < last:
                    await self._sample()
            else:
                return

    def _failed(self, error: ExporterError) -> None:
        self.error = self.error or error
        if isinstance(error, SubjectError):
            self.state.pid = None
            self.state.phase = Phase.STOPPED

    def _show(self, sample: Sample) -> None:
        self._online.add(self.state.driver, sample)
        ending = self._stop.is_set() or self.error is not None
        left = 0.0 if ending else self._duration - sample.elapsed_sec
        self._console.sample(self._label, sample, left)
