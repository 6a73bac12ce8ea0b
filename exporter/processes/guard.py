"""Nothing that children have started outlives the run: neither its end nor, thanks to a watchdog, its death."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator

from exporter.processes import watchdog
from exporter.processes.child import Exit, less
from exporter.processes.family import FAMILY, adopting
from exporter.processes.watchdog import MARK_VARIABLE, relatives, send
from exporter.settings.credentials import SECRET_VARIABLES

LOOK_SECONDS = 1.0  # between two looks at who was adopted
GRACE_SECONDS = 3.0  # from SIGTERM to SIGKILL
PAUSES_SECONDS = (0.1, 1.0, 5.0, 30.0)  # before each start of a watchdog after the first
_POLL_SECONDS = 0.05

# Isolated, and without site-packages: it needs the standard library only.
_COMMAND = (sys.executable, "-I", "-S", watchdog.__file__)

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def guarded() -> AsyncIterator[None]:
    """While in it, adopt what children leave behind; afterwards end it. If this process is killed, a watchdog does."""
    with adopting():
        started = asyncio.Event()
        tasks = [asyncio.create_task(_keep_watchdog(started)), asyncio.create_task(_look())]
        try:
            await started.wait()
            yield
        finally:
            await _end_the_rest()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _look() -> None:
    while True:
        FAMILY.look()
        await asyncio.sleep(LOOK_SECONDS)


async def _end_the_rest() -> None:
    """End what is still there of what children have started: by SIGTERM, then by SIGKILL."""
    loop = asyncio.get_running_loop()
    for number, patience in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, watchdog.LIMIT_SECONDS)):
        until, told = loop.time() + patience, set[int]()
        while (left := await _left_behind()) and loop.time() < until:
            # Those that are started meanwhile are told too.
            for pid in left - told:
                send(pid, number)
            told |= left
            await asyncio.sleep(_POLL_SECONDS)
        if told and number is signal.SIGTERM:
            _log.warning("left behind by children, and told to end: processes %s", ", ".join(map(str, sorted(told))))


async def _left_behind() -> set[int]:
    FAMILY.look()
    return await asyncio.to_thread(relatives, FAMILY.mark, FAMILY.groups | FAMILY.adopted) | FAMILY.adopted


async def _keep_watchdog(started: asyncio.Event) -> None:
    """Have a watchdog running; one that ends is said, and started again."""
    for pause in (*PAUSES_SECONDS, None):
        try:
            end = await _run_watchdog(started)
        except OSError as error:
            end = f"can't be started: {error.strerror}"
            started.set()
        again = "there is none any more: what children start may outlive a kill of this process"
        _log.warning("the watchdog %s; %s", end, again if pause is None else f"it is started again in {pause:g} s")
        await asyncio.sleep(pause or 0)


async def _run_watchdog(started: asyncio.Event) -> str:
    """Run a watchdog to its end; how it ended, in words. Cancelled, it lets the watchdog do its work first."""
    environment = less(os.environ, {*SECRET_VARIABLES, MARK_VARIABLE})
    with FAMILY.starting():
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            FAMILY.mark,
            stdin=asyncio.subprocess.PIPE,
            env=environment,
            cwd="/",
            # Out of reach of signals to this process's group, as those of a terminal are.
            start_new_session=True,
        )
        FAMILY.watchdog = process.pid
    assert process.stdin is not None
    tell = process.stdin.write
    try:
        FAMILY.tell(lambda line: tell(f"{line}\n".encode()))
        started.set()
        return f"ended: {Exit(await process.wait()).text}"
    finally:
        FAMILY.tell(None)
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), watchdog.LIMIT_SECONDS)
        except TimeoutError:
            process.kill()
