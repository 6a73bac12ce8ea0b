"""A driver in Python, apart from the SDK that it drives: reads commands, has them done, answers."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from exporter.checked import Json, UnreadableError
from exporter.drivers.protocol import (
    UNKNOWN_COMMAND,
    Bye,
    Command,
    Done,
    Hello,
    Message,
    emit_message,
    heap_fields,
    parse_command,
    parse_config,
)
from exporter.drivers.python.allocators import active_allocator
from exporter.drivers.python.heaps import HeapReader
from exporter.processes.lines import MAX_LINE_BYTES

if TYPE_CHECKING:
    from exporter.drivers.python.profiler import Profiler

log = logging.getLogger(__name__)

HEAP_EVERY_SECONDS = 1.0
STOP_WITHIN_SECONDS = 10.0

Handler = Callable[[Mapping[str, Json]], Awaitable[Mapping[str, Json] | None]]
Emit = Callable[[Message], None]


class RefusedError(Exception):
    """A command can't be done as it stands; ``kind`` names the reason in snake case."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Driver(Protocol):
    """What an SDK's driver offers to the agent."""

    hello: Hello
    commands: Mapping[str, Handler]

    async def close(self) -> None:
        """Give back everything; called once, at the end."""


def main(make_driver: Callable[[Mapping[str, Json], Emit], Driver]) -> None:
    """Run a driver until it is told to stop, its input closes or SIGTERM comes; doesn't return."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    emit = _take_over_stdout()
    try:
        code = asyncio.run(_serve(make_driver, emit))
    except Exception as error:
        log.exception("the driver failed")
        emit(Bye("error", f"{type(error).__name__}: {error}"))
        code = 1
    # The interpreter's own end would run into whatever the SDK still has going in its threads.
    sys.stderr.flush()
    os._exit(code)


async def _serve(make_driver: Callable[[Mapping[str, Json], Emit], Driver], emit: Emit) -> int:
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        config = parse_config(await reader.readline())
    except UnreadableError as error:
        emit(Bye("error", str(error)))
        return 2
    profiler = _profiler(config.get("options", {}))
    driver = make_driver(config, emit)
    emit(driver.hello)
    agent = _Agent(driver, emit, profiler)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, agent.stop.set)
    await agent.run(reader)
    emit(Bye("stopped"))
    return 0


class _Agent:
    """The commands in flight of one driver."""

    def __init__(self, driver: Driver, emit: Emit, profiler: "Profiler | None") -> None:
        self.stop = asyncio.Event()
        self._driver = driver
        self._emit = emit
        self._profiler = profiler
        self._heaps = HeapReader()
        self._running: set[asyncio.Task[None]] = set()
        self._commands: dict[str, Handler] = {
            **driver.commands,
            "measure": self._measure,
            "collect_garbage": _collect_garbage,
            "trim": _trim,
            "stop": self._stop,
            **(profiler.commands if profiler else {}),
        }

    async def run(self, reader: asyncio.StreamReader) -> None:
        background = [asyncio.create_task(self._read(reader)), asyncio.create_task(self._report_heaps())]
        await self.stop.wait()
        _exit_at_the_latest(STOP_WITHIN_SECONDS)
        for task in background:
            task.cancel()
        await self._driver.close()
        if self._profiler is not None:
            self._profiler.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await _next_line(reader):
                self._start(line)
        finally:
            self.stop.set()

    def _start(self, line: bytes) -> None:
        try:
            command = parse_command(line)
        except UnreadableError as error:
            log.warning("a line that is no command: %s", error)
            return
        task = asyncio.create_task(self._do(command))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _do(self, command: Command) -> None:
        began = time.perf_counter()
        handler = self._commands.get(command.do)
        try:
            if handler is None:
                raise RefusedError(UNKNOWN_COMMAND, f"this driver has no command {command.do!r}")
            result = await handler(command.args) or {}
        except Exception as error:
            kind = error.kind if isinstance(error, RefusedError) else snake_case(type(error).__name__)
            text = str(error) or type(error).__name__
            self._emit(Done(command.id, False, time.perf_counter() - began, text, kind))
        else:
            self._emit(Done(command.id, True, time.perf_counter() - began, result=result))

    async def _report_heaps(self) -> None:
        while True:
            self._emit(self._heaps.read())
            await asyncio.sleep(HEAP_EVERY_SECONDS)

    async def _measure(self, _: Mapping[str, Json]) -> Mapping[str, Json]:
        return heap_fields(self._heaps.read(count_objects=True))

    async def _stop(self, _: Mapping[str, Json]) -> None:
        self.stop.set()


def _profiler(options: Mapping[str, Json]) -> "Profiler | None":
    """What traces the allocations from now on, if the options ask for it; not even loaded otherwise."""
    if not (options.get("heap_dump") or options.get("traced_frames")):
        return None
    from exporter.drivers.python.profiler import Profiler

    return Profiler(options)


async def _collect_garbage(_: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"objects": gc.collect()}


async def _trim(_: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"released": active_allocator().trim()}


async def _next_line(reader: asyncio.StreamReader) -> bytes:
    """The next line; empty at the end of the input, or when the observer is gone."""
    with suppress(ConnectionError):
        return await reader.readline()
    return b""


def snake_case(name: str) -> str:
    """``InsufficientFunds`` or ``INSUFFICIENT_FUNDS`` as ``insufficient_funds``."""
    if name.isupper():
        return name.lower()
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def _exit_at_the_latest(seconds: float) -> None:
    """End the process after a while, whatever the SDK's threads are doing."""
    timer = threading.Timer(seconds, os._exit, [1])
    timer.daemon = True
    timer.start()


def _take_over_stdout() -> Emit:
    """Keep the standard output for messages: what anything else prints goes to the standard error."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()

    def emit(message: Message) -> None:
        data: Any = memoryview(emit_message(message))
        with lock, suppress(BrokenPipeError):
            while data:
                data = data[out.write(data) :]

    return emit
