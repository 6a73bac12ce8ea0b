"""The program that is watched: one that is started here, or one that runs already."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from exporter.checked import NAME_LENGTH, printable
from exporter.errors import ConfigError, SubjectError
from exporter.processes.child import Child, StopLimits
from exporter.processes.family import FAMILY
from exporter.record.probes import descendants_of, living

POLL_SECONDS = 0.5
# A program is no driver: it knows no other request to stop than SIGTERM.
_LIMITS = StopLimits(asked_seconds=0.0, terminated_seconds=10.0)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended, in words, and whether it failed."""

    text: str
    failed: bool


class Program(Protocol):
    """A program from its start, or from when it is found, to its end."""

    name: str
    began: float | None  # in seconds since the epoch; None for one that is still to be started

    async def start(self) -> int:
        """Start it, if it doesn't run; return its process id. Raises ConfigError if it can't be started."""
        ...

    async def ended(self, on_process: Callable[[int | None], None]) -> Ending:
        """Wait for its end; ``on_process`` gets the id of a process that takes its place, None while there is none."""
        ...

    def others(self, process: psutil.Process) -> list[psutil.Process]:
        """The processes that count beside its own."""
        ...

    def members(self) -> list[psutil.Process]:
        """All processes that count; none before the start and after the end."""
        ...

    async def stop(self) -> None:
        """End it if it was started here, with all that it has started."""
        ...

    def kill(self) -> None: ...


class StartedProgram:
    """A program that is started here, with variables that it gets beside the user's.

    ``on_output`` gets what it prints.
    """

    def __init__(self, command: Sequence[str], on_output: Callable[[bytes], None]) -> None:
        self.name = printable(Path(command[0]).name, NAME_LENGTH)
        self.began: float | None = None
        self.environment: Mapping[str, str] = {}  # what it gets beside the user's
        self._command = command
        self._on_output = on_output
        self._child: Child | None = None

    async def start(self) -> int:
        try:
            # What is watched is the user's own program, and has the user's whole environment.
            self._child = await Child.start(
                self._command,
                name=self.name,
                on_line=lambda _: None,
                environment={**os.environ, **self.environment},
                on_output=self._on_output,
            )
        except OSError as error:
            raise ConfigError(f"'{self._command[0]}' can't be started: {error.strerror}; check the command") from error
        return self._child.pid

    async def ended(self, on_process: Callable[[int | None], None]) -> Ending:
        assert self._child is not None
        end = await self._child.wait()
        return Ending(end.text, failed=end.code != 0)

    def others(self, process: psutil.Process) -> list[psutil.Process]:
        found = descendants_of(process)
        # What has left its parents behind, as daemons do, has come to this process.
        for pid in FAMILY.adopted:
            with contextlib.suppress(psutil.NoSuchProcess):
                daemon = psutil.Process(pid)
                found += [daemon, *descendants_of(daemon)]
        return found

    def members(self) -> list[psutil.Process]:
        try:
            process = psutil.Process(self._child.pid if self._child is not None else 0)
            return [process, *self.others(process)] if process.pid else []
        except psutil.Error:
            return []

    async def stop(self) -> None:
        if self._child is not None:
            await self._child.stop(limits=_LIMITS)

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()


class RunningProgram:
    """A program that runs already, by its process id or by its name.

    By name, another process of that name takes the place of one that has ended; of several, the oldest counts. How
    the process ends is not known: only a parent is told. Raises ConfigError if there is no such process.
    """

    def __init__(self, pid: int | None, name: str) -> None:
        self._wanted = name
        self._pid = pid
        found = self._found()
        if found is None:
            which = f"name '{name}'" if name else f"pid {pid}"
            raise ConfigError(f"there is no process with {which}; see `ps ax` for those that run")
        self._process = found
        self.name = printable(name or found.name(), NAME_LENGTH)
        self.began: float | None = found.create_time()

    async def start(self) -> int:
        return self._process.pid

    async def ended(self, on_process: Callable[[int | None], None]) -> Ending:
        while True:
            while runs(self._process):
                await asyncio.sleep(POLL_SECONDS)
            if not self._wanted:
                return Ending("it is gone; only its parent knows how it ended", failed=False)
            on_process(None)
            while (found := self._found()) is None:
                await asyncio.sleep(POLL_SECONDS)
            self._process = found
            on_process(found.pid)

    def others(self, process: psutil.Process) -> list[psutil.Process]:
        return descendants_of(process)

    def members(self) -> list[psutil.Process]:
        return [self._process, *self.others(self._process)] if runs(self._process) else []

    async def stop(self) -> None:
        """Nothing: it was not started here."""

    def kill(self) -> None:
        """Nothing: it was not started here."""

    def _found(self) -> psutil.Process | None:
        if self._pid is not None:
            try:
                return psutil.Process(self._pid)
            except psutil.Error:
                return None
        named = [process for process in psutil.process_iter(["name"]) if process.info["name"] == self._wanted]
        return min(filter(runs, named), key=lambda process: process.create_time(), default=None)


def runs(process: psutil.Process) -> bool:
    """Whether a process lives; one that has ended and was not waited for does not."""
    try:
        return process.is_running() and living(process) is not None
    except psutil.Error:
        return False


def failure(name: str, ending: Ending, seconds: float) -> SubjectError | None:
    """The error that a program's end is, or None."""
    return SubjectError(f"'{name}' ended after {seconds:.1f} s: {ending.text}") if ending.failed else None
