"""A soak run: drivers and the local network started, a load put on, and what it leaves behind found."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from exporter.durations import format_duration
from exporter.errors import LoadError
from exporter.processes.child import python_command
from exporter.processes.local_network import NetworkChild, start_network
from exporter.publish.profiles import ProfileServer
from exporter.record.state import RunState, SubjectState
from exporter.runs.group import SubjectGroup, together
from exporter.runs.leak_sites import leak_lines
from exporter.runs.lifecycle import Lifecycle, Outputs, outputs, run_state
from exporter.runs.loaded_subject import LoadedSubject
from exporter.runs.logs import set_up_logging
from exporter.settings.connection import Connection
from exporter.settings.network import NetworkSettings, dump
from exporter.settings.run import LOCAL_NETWORK, RunConfig

NETWORK_COMMAND = python_command("-m", "exporter.network", "--settings-from-stdin")


def run(config: RunConfig) -> int:
    """Do one run; return its exit code. Raises ConfigError for what can't be started."""
    set_up_logging(config.log_format)
    connection = (
        None if config.network == LOCAL_NETWORK else Connection.to_network(config.network, faucet_url=config.faucet_url)
    )
    return asyncio.run(_run(config, connection))


async def _run(config: RunConfig, connection: Connection | None) -> int:
    names = [choice.name for choice in config.drivers]
    state = run_state(config, config.as_text(), map(SubjectState, names))
    async with (
        _profile_server(config) as profiles,
        outputs(config, state, {name: config.csv_of(name) for name in names}) as opened,
    ):
        soak = SoakRun(config, state, opened, connection, profiles.url if profiles else "")
        if profiles:
            profiles.take = soak.profile
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, soak.dump_heaps)
        return await soak.run()


def _profile_server(config: RunConfig) -> contextlib.AbstractAsyncContextManager[ProfileServer | None]:
    return ProfileServer(config.profiling.pprof_port) if config.profiling.pprof else contextlib.nullcontext()


class SoakRun(Lifecycle):
    """A run in progress. Without a ``connection`` it starts a local network."""

    _stopping: ClassVar[str] = "Stopping: payments in flight are finished first; Ctrl-C again stops at once"

    def __init__(
        self, config: RunConfig, state: RunState, outputs: Outputs, connection: Connection | None, profiles_url: str
    ) -> None:
        super().__init__(config, state, outputs)
        self._run = config
        self._connection = connection
        self._profiles_url = profiles_url
        self._max_failure_ratio = config.max_failure_ratio
        self._loaded = [LoadedSubject(config, each, self._surroundings(each.name)) for each in config.drivers]
        self._network: NetworkChild | None = None

    @property
    def _subjects(self) -> SubjectGroup:
        return SubjectGroup(self._loaded)

    async def profile(self, kind: str, seconds: float) -> bytes:
        """A profile of the one subject; see `LoadedSubject.profile`."""
        (subject,) = self._loaded
        return await subject.profile(kind, seconds)

    def dump_heaps(self) -> None:
        """Begin to dump every subject's heap."""
        self._dumping = asyncio.create_task(together(subject.dump_heap() for subject in self._loaded))

    def _headings(self) -> Sequence[str]:
        served = [f"Profiles on {self._profiles_url}"] if self._profiles_url else []
        return [*self._run.profiling.headings(self._run.drivers[0].name), *served]

    async def _start(self) -> None:
        """Bring up network and subjects, connect and fund the wallets."""
        connection = self._connection or await self._start_network()
        directory = self._outputs.directory / "subjects"
        await together(subject.start(connection, directory / subject.state.driver) for subject in self._loaded)
        for state in self._state.subjects.values():
            self._console.line(started(state))
        await together(subject.prepare() for subject in self._loaded)
        self._console.line(f"Load for {format_duration(self._run.duration_seconds)}, Ctrl-C ends it earlier")

    async def _start_network(self) -> Connection:
        self._network = await start_network(NETWORK_COMMAND, dump(NetworkSettings(faults=self._run.faults)))
        self._network_watch = asyncio.create_task(self._watch_network(self._network))
        self._console.line(f"Local network: ready, process {self._network.pid}")
        return Connection.to_file(self._network.file)

    async def _watch_network(self, network: NetworkChild) -> None:
        how = await network.wait()
        error = LoadError(f"the local network ended in the middle of the run: {how.text}; see the log")
        for subject in self._loaded:
            subject.fail(error)

    async def _end(self) -> None:
        if self._network is not None:
            self._network_watch.cancel()
            await self._network.stop()

    def _kill(self) -> None:
        if self._network is not None:
            self._network.kill()

    def _heap_dump(self) -> Path | None:
        return self._run.profiling.heap_dump

    async def _leak_lines(self) -> Sequence[str]:
        """Which code holds what grew, or how to find it."""
        if not self._run.dumps_heaps:
            return ()
        dump = self._heap_dump()
        if dump is not None:
            self._console.line("Reading the heap dumps, a second or so for each million allocations")
        return await asyncio.to_thread(partial(leak_lines, dump, sys.argv[1:]))


def started(state: SubjectState) -> str:
    """That a subject is there, with the SDK that it names, if it names one."""
    sdk = f"{state.sdk} {state.sdk_version}".strip()
    return f"Subject {state.driver}: {sdk}{', ' if sdk else ''}process {state.pid}"
