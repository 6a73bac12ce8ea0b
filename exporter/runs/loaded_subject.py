"""A subject under load: its driver's process, its wallets, its heap dumps, and how it ended."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from exporter.drivers.registry import command_of
from exporter.drivers.subject import CommandError, Subject
from exporter.errors import ExporterError, SubjectError
from exporter.heaps.dumps import EARLY, EARLY_SHARE, HeapDumps
from exporter.processes.child import StopLimits
from exporter.publish.profiles import take_profile
from exporter.record.told import note_message
from exporter.runs.subject import SubjectRun, Surroundings
from exporter.settings.connection import Connection
from exporter.settings.drivers import DriverChoice
from exporter.settings.run import RunConfig
from exporter.workload.wallets import driver_config, make_seeds
from exporter.workload.workload import Workload

T = TypeVar("T")

# For a subject that no longer answers.
_NO_PATIENCE = StopLimits(asked_seconds=1.0, terminated_seconds=1.0)


class LoadedSubject(SubjectRun):
    """A subject under load; ``start`` and ``prepare`` come first."""

    def __init__(self, config: RunConfig, choice: DriverChoice, surroundings: Surroundings) -> None:
        super().__init__(surroundings, config.duration_seconds, config.mem_interval_seconds)
        self._config = config
        self._choice = choice
        self._subject: Subject | None = None
        self._temporary: Path
        self._workload: Workload | None = None
        self._dumps: HeapDumps | None = None
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, connection: Connection, directory: Path) -> None:
        """Start the subject's process, made first where it has to be; all that it writes goes to a new ``directory``.

        Raises SubjectError if it doesn't come up, ConfigError if it can't be made.
        """
        settings = self._config.workload
        storage, self._temporary = directory / "wallets", directory / "tmp"
        for made in (storage, self._temporary):
            made.mkdir(parents=True)
        seeds = make_seeds(settings, connection.alice_seed, connection.bob_seed)
        command = self._choice.command or await command_of(self._choice.name, self._console.line)
        options = self._config.profiling.driver_options()
        config = driver_config(
            settings, connection.network, str(storage), seeds, options, self._config.server_storage()
        )
        starting = Subject.start(
            command,
            config,
            partial(note_message, self.state),
            name=self.state.driver,
            hello_timeout=self._config.driver_timeout_seconds,
            environment={**self._config.subject_environment(), "TMPDIR": str(self._temporary)},
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
            connection.network.get("unanswered_invoice"),
        )
        if self._config.profiling.heap_dump is not None:
            self._dumps = HeapDumps(
                self._config.profiling.heap_dump, self._subject, self.state, self.elapsed, self._workload.at_rest
            )

    async def prepare(self) -> None:
        """Connect and fund the wallets; raises LoadError or SubjectError."""
        assert self._workload is not None
        await self._while_alive(self._workload.prepare())

    async def measure(self, stop: asyncio.Event) -> None:
        await super().measure(stop)
        await self._finish()

    async def _work(self, stop: asyncio.Event) -> None:
        early = asyncio.create_task(self._dump_early())
        try:
            await self._while_alive(self._load(stop))
        finally:
            early.cancel()

    async def _load(self, stop: asyncio.Event) -> None:
        """Pay until ``stop``, beginning at a known level."""
        assert self._workload is not None
        await self._first_sample.wait()
        await self._workload.run(stop, self._duration)

    async def _finish(self) -> None:
        """Settle a last time and disconnect, which a subject that has failed can't."""
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
        return await take_profile(self._subject, kind, seconds, self._temporary)

    async def dump_heap(self, label: str = "") -> None:
        """Take a heap dump with the load at rest; what fails is told, not raised."""
        if self._dumps is None or self._started is None:
            self._console.warning("No heap dump: that takes --heap-dump FILE, and a load that has begun")
            return
        try:
            path = await self._dumps.take(label)
        except (CommandError, SubjectError) as error:
            self._console.warning(f"No heap dump: {error}")
        else:
            self._console.line(f"Heap dump: {path}")

    async def _end(self) -> None:
        self._broken.cancel()
        if self._subject is not None:
            await self._subject.stop(_NO_PATIENCE if isinstance(self.error, SubjectError) else None)

    def kill(self) -> None:
        if self._subject is not None:
            self._subject.kill()

    def fail(self, error: ExporterError) -> None:
        """End the work in hand with an error from elsewhere: the network is gone."""
        if not self._broken.done():
            self._broken.set_exception(error)

    async def _while_alive(self, work: Coroutine[Any, Any, None]) -> None:
        """Do ``work`` while the subject lives and speaks; raises SubjectError if it doesn't, and what work raises."""
        assert self._subject is not None
        silence = self._subject.silence(self._config.driver_timeout_seconds)
        await self._first_of(work, self._until_its_end(self._subject), silence)

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

    async def _until_its_end(self, subject: Subject) -> None:
        """Wait for the end of the subject's process, which is an error as long as there is work."""
        await subject.wait()
        raise subject.ended_error(" in the middle of the run")

    async def _dump_early(self) -> None:
        if self._dumps is not None:
            await asyncio.sleep(EARLY_SHARE * self._duration)
            await self.dump_heap(EARLY)

    async def _end_dumps(self) -> None:
        if self._dumps is not None:
            try:
                await self._dumps.end()
            except CommandError as error:
                self._console.warning(f"No last heap dump: {error}")

    async def _on_settled(self, trimmed: bool) -> None:
        await self._sampler.take(settled=True, trimmed=trimmed)
