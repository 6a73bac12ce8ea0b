"""Start the local network as a child process and read how to connect to it."""

import asyncio
from collections.abc import Sequence
from typing import Any

from exporter.checked import Json, UnreadableError, json_object
from exporter.errors import LoadError
from exporter.processes.child import LEAN, Child, Exit, StopLimits

READY_TIMEOUT_SECONDS = 60.0


class NetworkChild:
    """The running local network; ``file`` is the network file that it printed."""

    def __init__(self, child: Child, file: dict[str, Json]) -> None:
        self.file = file
        self._child = child

    @property
    def pid(self) -> int:
        return self._child.pid

    async def wait(self) -> Exit:
        """Wait for its end."""
        return await self._child.wait()

    async def stop(self, limits: StopLimits | None = None) -> Exit:
        """Close its input, then terminate it, then kill it; safe to repeat."""
        return await self._child.stop(limits=limits)

    def kill(self) -> None:
        """Kill it at once, without waiting."""
        self._child.kill()


async def start_network(
    argv: Sequence[str], settings: bytes = b"", ready_timeout: float = READY_TIMEOUT_SECONDS
) -> NetworkChild:
    """Start the local network, write ``settings`` (a line, if any) to its input, and read its network file.

    Raises LoadError if it can't be started, ends, stays silent or prints something else.
    """
    first_line: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def on_line(line: bytes) -> None:
        if not first_line.done():
            first_line.set_result(line)

    try:
        child = await Child.start(argv, name="network", on_line=on_line, environment=LEAN)
    except OSError as error:
        raise LoadError(f"the local network can't be started: {error}") from None
    child.write(settings)
    try:
        return NetworkChild(child, await _read_file(child, first_line, ready_timeout))
    except BaseException:
        child.kill()
        await child.wait()
        raise


async def _read_file(child: Child, first_line: asyncio.Future[bytes], limit: float) -> dict[str, Json]:
    either: list[asyncio.Future[Any]] = [first_line, child.ended]
    done, _ = await asyncio.wait(either, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    if not done:
        raise LoadError(f"the local network was not ready after {limit:g} s; run `exporter network` to see why")
    if not first_line.done():
        words = f"; {child.last_words}" if child.last_words else ""
        raise LoadError(f"the local network ended while starting: {child.ended.result().text}{words}")
    try:
        return json_object(first_line.result())
    except UnreadableError:
        remedy = "run `exporter network` to see"
        raise LoadError(f"the local network printed something else than its JSON object; {remedy}") from None
