"""One subject of a run: its process, its load, its samples, and how it ended."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from exporter.drivers.protocol import Message
from exporter.drivers.registry import command_of
from exporter.drivers.subject import CommandError, Subject
from exporter.errors import ExporterError, SubjectError
from exporter.heaps.dumps import EARLY, EARLY_SHARE, HeapDumps
from exporter.processes.child import StopLimits
from exporter.publish.profiles import take_profile
from exporter.record.csv_file import CsvSink
from exporter.record.sample import Sample
from exporter.record.sampler import Sampler
from exporter.record.state import SubjectState
from exporter.record.terms import Phase, Verdict
from exporter.runs.console import Console
from exporter.runs.online_verdict import VerdictWatch
from exporter.settings.connection import Connection
from exporter.settings.drivers import DriverChoice
from exporter.settings.run import RunConfig
from exporter.workload.wallets import driver_config, make_seeds
from exporter.workload.workload import Workload, track

T = TypeVar("T")

# For a subject that no longer answers.
_NO_PATIENCE = StopLimits(asked_seconds=1.0, terminated_seconds=1.0)
# A regular sample this close to the last one, as a share of the interval, adds nothing.
_LAST_SAMPLE_SHARE = 0.1


class SubjectRun:
    """One subject from start to end. ``start``, ``prepare``, ``load``, ``finish`` in this order; ``stop`` always.

    What goes wrong with the subject is kept in ``error``.
    """

    def __init__(
        self,
        config: RunConfig,
        choice: DriverChoice,
        state: SubjectState,
        sink: CsvSink,
        console: Console,
        on_verdict: Callable[[Verdict, str], None],
    ) -> None:
        self.state = state
        self.error: ExporterError | None = None
        self._config = config
        self._choice = choice
        # Of a subject that is alone, the name says nothing.
        self._label = choice.name if len(config.drivers) > 1 else ""
        self._console = console
        self._sampler = Sampler(state, sink, self.elapsed, self._show)
        self._verdict_watch = VerdictWatch(state, on_verdict)
        self._subject: Subject | None = None
        self._workload: Workload | None = None
        self._dumps: HeapDumps | None = None
        self._load_start: float | None = None
        self._stop = asyncio.Event()  # the run's, once there is a load
        self._messages = 0
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def elapsed(self) -> float:
        """Seconds since the start of the load, 0 before it."""
        return 0.0 if self._load_start is None else asyncio.get_running_loop().time() - self._load_start

    async def start(self, connection: Connection, storage: Path) -> None:
        """Start the subject's process, made first where it has to be.

        Raises SubjectError if it doesn't come up, ConfigError if it can't be made.
        """
        settings = self._config.workload
        storage.mkdir(parents=True)
        seeds = make_seeds(settings, connection.alice_seed, connection.bob_seed)
        command = self._choice.command or await command_of(self._choice.name, self._console.line)
        starting = Subject.start(
            command,
            driver_config(settings, connection.network, str(storage), seeds, self._config.profiling.driver_options()),
            self._on_message,
            name=self.state.driver,
            hello_timeout=self._config.driver_timeout_seconds,
            environment=self._config.subject_environment(),
        )
        self._subject = await self._first_of(starting)
        self.state.pid = self._subject.pid
        on_event = partial(self._console.event, subject=self._label)
        self._workload = Workload(
            self._subject,
            settings,
            self.state,
            connection.faucet,
            self._on_settled,
            on_event,
            connection.network.get("refusing_address"),
        )
        if self._config.profiling.heap_dump is not None:
            self._dumps = HeapDumps(
                self._config.profiling.heap_dump, self._subject, self.state, self.elapsed, self._workload.at_rest
            )

    async def prepare(self) -> None:
        """Connect and fund the wallets; raises LoadError or SubjectError."""
        assert self._workload is not None
        await self._while_alive(self._workload.prepare())

    async def load(self, stop: asyncio.Event) -> None:
        """Pay and take samples until ``stop``; the last sample is taken whatever happens."""
        assert self._workload is not None
        self._load_start, self._stop = asyncio.get_running_loop().time(), stop
        self.state.phase = Phase.RUNNING
        await self._verdict_watch.start()
        await self._sampler.take()
        over = asyncio.Event()
        samples = asyncio.create_task(self._take_samples(over))
        early = asyncio.create_task(self._dump_early())
        try:
            await self._while_alive(self._workload.run(stop, self._config.duration_seconds))
        except ExporterError as error:
            self._failed(error)
        finally:
            early.cancel()
            over.set()
            await samples
            await self._sampler.take()

    async def finish(self) -> None:
        """Settle a last time and disconnect; not for a subject that has failed."""
        assert self._workload is not None
        if self.error is None:
            try:
                await self._while_alive(self._workload.finish(self._end_dumps))
            except ExporterError as error:
                self._failed(error)

    async def profile(self, kind: str, seconds: float) -> bytes:
        """A profile in pprof's format; raises SubjectError while there is no subject, CommandError if it fails."""
        if self._subject is None or not self.state.up:
            raise SubjectError(f"driver '{self.state.driver}' is not running")
        return await take_profile(self._subject, kind, seconds)

    async def dump_heap(self, label: str = "") -> None:
        """Take a heap dump with the load at rest; what fails is told, not raised."""
        if self._dumps is None or self._load_start is None:
            self._console.warning("No heap dump: that takes --heap-dump FILE, and a load that has begun")
            return
        try:
            path = await self._dumps.take(label)
        except (CommandError, SubjectError) as error:
            self._console.warning(f"No heap dump: {error}")
        else:
            self._console.line(f"Heap dump: {path}")

    async def stop(self) -> None:
        """End the subject's process, however far it got."""
        self._broken.cancel()
        await self._verdict_watch.stop()
        if self._subject is not None:
            await self._subject.stop(_NO_PATIENCE if isinstance(self.error, SubjectError) else None)
            self.state.pid = None
            self.state.phase = Phase.STOPPED

    def kill(self) -> None:
        """End the subject's process at once."""
        self._verdict_watch.kill()
        if self._subject is not None:
            self._subject.kill()

    def fail(self, error: ExporterError) -> None:
        """End the work in hand with an error from elsewhere: the network is gone."""
        if not self._broken.done():
            self._broken.set_exception(error)

    def _failed(self, error: ExporterError) -> None:
        self.error = self.error or error
        if isinstance(error, SubjectError):
            self.state.pid = None
            self.state.phase = Phase.STOPPED

    async def _while_alive(self, work: Coroutine[Any, Any, None]) -> None:
        """Do ``work`` while the subject lives and speaks; raises SubjectError if it doesn't, and what work raises."""
        assert self._subject is not None
        await self._first_of(work, self._end(self._subject), self._silence())

    async def _first_of(self, *steps: Coroutine[Any, Any, T]) -> T:
        """Return what the first step to end returns, or raise what it raised, or what ``fail`` was told."""
        tasks = [asyncio.create_task(step) for step in steps]
        try:
            either: list[asyncio.Future[Any]] = [*tasks, self._broken]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._broken.done():
                self._broken.result()
            return next(task for task in tasks if task.done()).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _end(self, subject: Subject) -> None:
        """Wait for the end of the subject's process, which is an error as long as there is work."""
        await subject.wait()
        raise subject.ended_error(" in the middle of the run")

    async def _silence(self) -> None:
        """Raise SubjectError when the driver has sent nothing for the time-out.

        Seconds awake are counted, not the clock: a machine that slept is no silent driver.
        """
        limit = self._config.driver_timeout_seconds
        silent, seen = 0, self._messages
        while silent < limit:
            await asyncio.sleep(1)
            silent, seen = (silent + 1, seen) if self._messages == seen else (0, self._messages)
        raise SubjectError(
            f"driver '{self.state.driver}' sent nothing for {limit:g} s; "
            "run it by hand to see why, or raise --driver-timeout"
        )

    async def _take_samples(self, over: asyncio.Event) -> None:
        """Take the samples between the first and the last."""
        interval = self._config.mem_interval_seconds
        last = self._config.duration_seconds - _LAST_SAMPLE_SHARE * interval
        while True:
            # A sample that took longer than the interval costs the ones that it overran.
            due = (self.elapsed() // interval + 1) * interval
            try:
                await asyncio.wait_for(over.wait(), due - self.elapsed())
            except TimeoutError:
                if due < last:
                    await self._sampler.take()
            else:
                return

    async def _dump_early(self) -> None:
        if self._dumps is not None:
            await asyncio.sleep(EARLY_SHARE * self._config.duration_seconds)
            await self.dump_heap(EARLY)

    async def _end_dumps(self) -> None:
        if self._dumps is not None:
            try:
                await self._dumps.end()
            except CommandError as error:
                self._console.warning(f"The heap dump is incomplete: {error}")

    async def _on_settled(self, trimmed: bool) -> None:
        await self._sampler.take(settled=True, trimmed=trimmed)

    def _on_message(self, message: Message) -> None:
        self._messages += 1
        track(self.state, message)

    def _show(self, sample: Sample) -> None:
        self._verdict_watch.add(sample)
        ending = self._stop.is_set() or self.error is not None
        left = 0.0 if ending else self._config.duration_seconds - sample.elapsed_sec
        self._console.sample(self._label, sample, left)
