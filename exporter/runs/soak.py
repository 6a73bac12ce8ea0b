"""One run from start to verdict: the only owner of the clock and of signals."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from exporter import __version__
from exporter.durations import format_duration
from exporter.errors import ExporterError, LoadError
from exporter.processes.local_network import NetworkChild, start_network
from exporter.publish.profiles import ProfileServer
from exporter.publish.server import Server
from exporter.record.csv_file import CsvSink
from exporter.record.state import RunState, SubjectState
from exporter.record.terms import Verdict
from exporter.runs.conclusion import Conclusion, Measured, conclude, gravest
from exporter.runs.console import Console
from exporter.runs.group import SubjectGroup
from exporter.runs.interrupts import handle_interrupts
from exporter.runs.leak_sites import leak_lines
from exporter.runs.logs import set_up_logging
from exporter.runs.outcome import INTERRUPTED, Outcome
from exporter.runs.subject import SubjectRun
from exporter.settings.connection import Connection
from exporter.settings.drivers import DriverChoice
from exporter.settings.network import NetworkSettings, dump
from exporter.settings.run import LOCAL_NETWORK, RunConfig

NETWORK_COMMAND = (sys.executable, "-m", "exporter.network", "--settings-from-stdin")


def run(config: RunConfig) -> int:
    """Do one run; return its exit code. Raises ConfigError for what can't be started."""
    set_up_logging(config.log_format)
    connection = (
        None if config.network == LOCAL_NETWORK else Connection.to_network(config.network, faucet_url=config.faucet_url)
    )
    return asyncio.run(_run(config, connection))


async def _run(config: RunConfig, connection: Connection | None) -> int:
    started_at = datetime.now(UTC)
    state = RunState(
        name=config.run_name or started_at.strftime("%Y%m%d-%H%M%S"),
        settings=config.as_text(),
        started_at=started_at,
        duration_seconds=config.duration_seconds,
        subjects={choice.name: SubjectState(choice.name) for choice in config.drivers},
    )
    # What can be refused comes first: nothing is started, and no file is made, for a run that can't be.
    async with (
        Server(state, config.listen_address, config.web_config) as server,
        _profile_server(config) as profiles,
    ):
        with (
            tempfile.TemporaryDirectory(prefix="memtest-", ignore_cleanup_errors=True) as directory,
            contextlib.ExitStack() as sinks,
        ):
            files = Files(Path(directory), {})
            for name in state.subjects:
                path = config.csv_of(name) or files.directory / f"samples.{name}.csv"
                sink = sinks.enter_context(contextlib.closing(CsvSink.open(path, config.existing_csv)))
                files.csv[name] = path, sink
            soak = SoakRun(config, state, connection, files)
            if profiles:
                profiles.take = soak.profile
            return await soak.end(server.url, profiles.url if profiles else "")


def _profile_server(config: RunConfig) -> contextlib.AbstractAsyncContextManager[ProfileServer | None]:
    return ProfileServer(config.profiling.pprof_port) if config.profiling.pprof else contextlib.nullcontext()


@dataclass(frozen=True, slots=True)
class Files:
    """Where a run writes: a directory for the wallets that is gone after the run, and a CSV by driver."""

    directory: Path
    csv: dict[str, tuple[Path, CsvSink]]


class SoakRun:
    """A run in progress; ``end`` does all of it. Without a ``connection`` it starts a local network."""

    def __init__(self, config: RunConfig, state: RunState, connection: Connection | None, files: Files) -> None:
        self._config = config
        self._state = state
        self._connection = connection
        self._files = files
        self._console = Console(quiet=config.quiet)
        self._subjects = SubjectGroup([self._subject(choice) for choice in config.drivers])
        self._verdicts: dict[str, tuple[Verdict, str]] = {}  # as they stand, with their reasons, by driver
        self._network: NetworkChild | None = None
        self._stop = asyncio.Event()  # end the load, then report
        self._released = asyncio.Event()  # end the lingering
        self._interrupted = False
        self._error: ExporterError | None = None

    def _subject(self, choice: DriverChoice) -> SubjectRun:
        _, sink = self._files.csv[choice.name]
        state = self._state.subjects[choice.name]
        return SubjectRun(self._config, choice, state, sink, self._console, partial(self._on_verdict, choice.name))

    async def end(self, url: str, profiles_url: str) -> int:
        """Do the run, from start to verdict; return the exit code. ``url`` is where it is served, its profiles too."""
        handle_interrupts(self._on_interrupt, self._on_second_interrupt)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._on_dump_signal)
        self._console.heading(__version__, self._state.name, url, self._state.settings)
        headings = self._config.profiling.headings(self._config.drivers[0].name)
        for line in (*headings, *([f"Profiles on {profiles_url}"] if profiles_url else [])):
            self._console.line(line)
        try:
            await self._soak()
        except ExporterError as error:
            self._error = error
        finally:
            await self._stop_children()
        code = await self._conclude()
        self._state.finished = True
        await self._linger()
        return code

    async def profile(self, kind: str, seconds: float) -> bytes:
        """A profile of the one subject; see `SubjectRun.profile`."""
        (subject,) = self._subjects
        return await subject.profile(kind, seconds)

    async def _soak(self) -> None:
        """Start everything, make the load, take it down; raises what ExporterError went wrong."""
        if not await self._unless_stopped(self._start()):
            return
        self._console.line(f"Load for {format_duration(self._config.duration_seconds)}, Ctrl-C ends it earlier")
        self._state.load_started_at = datetime.now(UTC)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._config.duration_seconds, self._stop.set)
        progress = asyncio.create_task(self._show_progress())
        try:
            await self._subjects.load(self._stop)
        finally:
            timer.cancel()
            progress.cancel()
        await self._subjects.finish()
        if self._subjects.error is not None:
            raise self._subjects.error

    async def _start(self) -> None:
        """Bring up network and subjects, connect and fund the wallets."""
        connection = self._connection or await self._start_network()
        await self._subjects.start(connection, self._files.directory / "wallets")
        for state in self._state.subjects.values():
            self._console.line(f"Subject {state.driver}: {state.sdk} {state.sdk_version}, process {state.pid}")
        await self._subjects.prepare()

    async def _start_network(self) -> Connection:
        self._network = await start_network(NETWORK_COMMAND, dump(NetworkSettings(faults=self._config.faults)))
        self._network_watch = asyncio.create_task(self._watch_network(self._network))
        self._console.line(f"Local network: ready, process {self._network.pid}")
        return Connection.to_file(self._network.file)

    async def _watch_network(self, network: NetworkChild) -> None:
        how = await network.wait()
        self._subjects.fail(LoadError(f"the local network ended in the middle of the run: {how.text}; see the log"))

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do ``work`` and return True; when the run is stopped meanwhile, cancel it and return False."""
        task, stopped = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            return task.done()
        finally:
            task.cancel()
            stopped.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)

    async def _show_progress(self) -> None:
        while True:
            self._console.progress(self._subjects.elapsed(), self._config.duration_seconds, self._subjects.payments)
            await asyncio.sleep(1)

    async def _stop_children(self) -> None:
        await self._subjects.stop()
        if self._network is not None:
            self._network_watch.cancel()
            await self._network.stop()

    async def _conclude(self) -> int:
        """Print the report, publish the verdict; return the exit code. Raises the error of a run without samples."""
        measured = [each for each in self._subjects if each.state.last_sample is not None]
        if not measured:
            if self._error is not None and not self._interrupted:
                raise self._error
            self._console.line("Stopped before the load began: nothing was measured")
            return INTERRUPTED
        # Reading a million rows takes a while, and the last state has to stay scrapable meanwhile.
        csvs = [Measured(each.state, self._files.csv[each.state.driver][0], each.error) for each in measured]
        ended = await asyncio.to_thread(conclude, csvs, self._config.max_failure_ratio)
        self._state.verdict, self._state.verdict_reason = ended.verdict, ended.reason
        self._state.verdict_time = datetime.now(UTC)
        report = ended.report
        if ended.verdict is Verdict.LEAK and self._config.dumps_heaps:
            if self._config.profiling.heap_dump is not None:
                self._console.line("Reading the heap dumps, a second or so for each million allocations")
            found = await asyncio.to_thread(leak_lines, self._config.profiling.heap_dump, sys.argv[1:])
            report = "\n".join([report, *found])
        self._console.report(report, ended.verdict)
        if self._config.report is not None:
            await self._write_report(self._config.report, ended)
        return Outcome(self._interrupted, self._error or ended.error, ended.verdict).exit_code(self._config.fail_on)

    async def _write_report(self, path: Path, ended: Conclusion) -> None:
        from exporter.runs.page import write_run_report  # the charts' libraries are not needed before

        dump = self._config.profiling.heap_dump
        try:
            await asyncio.to_thread(write_run_report, path, self._state, ended.subjects, dump)
        except ExporterError as error:
            self._console.warning(str(error))
        else:
            self._console.line(f"Page: {path}")

    async def _linger(self) -> None:
        seconds = self._config.linger_seconds
        if seconds and not self._interrupted:
            self._console.line(f"Serving the last state for {format_duration(seconds)}, Ctrl-C ends it")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), seconds)

    def _on_verdict(self, driver: str, verdict: Verdict, reason: str) -> None:
        """Publish the verdict as it stands; a leak ends the run if the run was told so."""
        self._verdicts[driver] = verdict, reason
        verdict, reason = self._state.verdict, self._state.verdict_reason = gravest(self._verdicts)
        self._state.verdict_time = datetime.now(UTC)
        if verdict == self._config.stop_on and not self._stop.is_set():
            self._console.line(f"Stopping, as the verdict is {verdict}: {reason}")
            self._stop.set()

    def _on_interrupt(self) -> None:
        """End the load; a run that is over just ends."""
        if self._state.finished:
            self._released.set()
        else:
            self._interrupted = True
            self._stop.set()
            self._console.warning("Stopping: payments in flight are finished first; Ctrl-C again stops at once")

    def _on_dump_signal(self) -> None:
        self._dumping = asyncio.create_task(self._subjects.dump_heap())

    def _on_second_interrupt(self) -> None:
        """End everything at once; a run that is over is ending anyway."""
        if self._state.finished:
            return
        self._subjects.kill()
        if self._network is not None:
            self._network.kill()
        shutil.rmtree(self._files.directory, ignore_errors=True)
        os._exit(INTERRUPTED)
