"""A subject as the observer sees it: a driver process that takes commands and sends messages."""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exporter.checked import Json, UnreadableError
from exporter.drivers.protocol import (
    BAD_ANSWER,
    PROTOCOL,
    BadLine,
    Bye,
    Command,
    Done,
    Hello,
    Received,
    emit_command,
    emit_config,
    parse_message,
    parse_result,
)
from exporter.errors import SubjectError
from exporter.processes.child import Child, Exit, StopLimits

HELLO_TIMEOUT_SECONDS = 60.0
_LISTENED_EVERY_SECONDS = 1.0


class CommandError(Exception):
    """The driver did a command and the SDK refused or failed: an observation, not the end of the run."""

    def __init__(self, do: str, error: str, kind: str = "", seconds: float = 0.0) -> None:
        super().__init__(error)
        self.do, self.kind, self.seconds = do, kind, seconds


class Subject:
    """One running driver; ``hello`` says what it is."""

    def __init__(self, name: str, on_message: Callable[[Received], None]) -> None:
        self.name = name
        self._on_message = on_message
        self._child: Child
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Done]] = {}
        self._hello: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()
        self._bye: Bye | None = None
        self._messages = 0  # answers included

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        config: Mapping[str, Json],
        on_message: Callable[[Received], None],
        *,
        name: str,
        hello_timeout: float = HELLO_TIMEOUT_SECONDS,
        environment: Mapping[str, str] | None = None,
    ) -> "Subject":
        """Start a driver, hand it its configuration and wait for its hello.

        ``on_message`` gets every message but answers, and a `BadLine` for each line that is none; ``environment`` is
        added to this process's.
        Raises SubjectError if the driver can't be started, ends, is silent, or speaks another version.
        """
        subject = cls(name, on_message)
        try:
            subject._child = await Child.start(
                argv,
                name=name,
                on_line=subject._on_line,
                on_overlong=lambda: on_message(BadLine("it is too long")),
                environment=environment,
            )
        except OSError as error:
            raise SubjectError(f"driver '{name}' can't be started: {error}; check its command") from None
        subject._child.ended.add_done_callback(lambda _: subject._give_up_waiting())
        subject._child.write(emit_config(config))
        try:
            await subject._await_hello(hello_timeout)
        except BaseException:
            subject._child.kill()
            await subject._child.wait()
            raise
        return subject

    @property
    def hello(self) -> Hello:
        return self._hello.result()

    @property
    def pid(self) -> int:
        return self._child.pid

    async def request(self, do: str, **args: Json) -> tuple[dict[str, Json], float]:
        """Have a command done: its result's fields, checked, and the seconds it took.

        Raises CommandError if the driver answers that it failed, or something that is no answer (`BAD_ANSWER`), and
        SubjectError if the driver ends meanwhile.
        """
        if self._child.exit is not None:
            raise self.ended_error()
        number = next(self._ids)
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._child.write(emit_command(Command(number, do, args)))
            done = await answer
        finally:
            del self._waiting[number]
        if not done.ok:
            raise CommandError(do, done.error, done.kind, done.seconds)
        try:
            return parse_result(do, done.result), done.seconds
        except UnreadableError as error:
            raise CommandError(do, f"the answer to {do} is wrong: {error}", BAD_ANSWER, done.seconds) from None

    async def wait(self) -> Exit:
        """Wait for the driver's end; ``Exit.text`` says how: 'exit code 3', 'killed by SIGKILL'."""
        return await self._child.wait()

    async def silence(self, limit: float) -> None:
        """Wait until the driver owes an answer and has sent nothing for ``limit`` seconds; raises SubjectError then.

        Seconds awake are counted, not the clock: a machine that slept is no silent driver. Nor is one that is not asked
        anything.
        """
        silent, seen = 0.0, self._messages
        step = min(_LISTENED_EVERY_SECONDS, limit)
        while silent < limit:
            await asyncio.sleep(step)
            heard = self._messages != seen or not self._waiting
            silent, seen = (0.0 if heard else silent + step), self._messages
        raise SubjectError(
            f"driver '{self.name}' sent nothing for {limit:g} s; run it by hand to see why, or raise --driver-timeout"
        )

    async def stop(self, limits: StopLimits | None = None) -> Exit:
        """Ask the driver to stop, then terminate it, then kill it and its process group; safe to repeat."""
        return await self._child.stop(emit_command(Command(next(self._ids), "stop")), limits)

    def kill(self) -> None:
        """Kill the driver and its process group at once, without waiting."""
        self._child.kill()

    async def _await_hello(self, limit: float) -> None:
        either: list[asyncio.Future[Any]] = [self._hello, self._child.ended]
        done, _ = await asyncio.wait(either, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise SubjectError(f"driver '{self.name}' sent nothing for {limit:g} s; run it by hand to see why")
        if not self._hello.done():
            raise self.ended_error(" before it said hello")
        if self._hello.result().protocol != PROTOCOL:
            raise SubjectError(
                f"driver '{self.name}' speaks version {self._hello.result().protocol} of the protocol, "
                f"this exporter {PROTOCOL}; use a driver of this release"
            )

    def _give_up_waiting(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self.ended_error())

    def ended_error(self, when: str = "") -> SubjectError:
        """The error that says how the driver ended, with its last words."""
        how = self._child.exit.text if self._child.exit else "its output closed"
        words = (self._bye.message if self._bye else "") or self._child.last_words
        parts = [f"driver '{self.name}' ended{when}: {how}", *([words] if words else [])]
        return SubjectError("; ".join(parts))

    def _on_line(self, line: bytes) -> None:
        try:
            message = parse_message(line)
        except UnreadableError as error:
            self._on_message(BadLine(str(error)))
            return
        self._messages += 1
        match message:
            case None:
                return
            case Done():
                answer = self._waiting.get(message.id)
                if answer is not None and not answer.done():
                    answer.set_result(message)
                return
            case Hello():
                if not self._hello.done():
                    self._hello.set_result(message)
            case Bye():
                self._bye = message
        self._on_message(message)
