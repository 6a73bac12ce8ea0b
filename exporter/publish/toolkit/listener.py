"""Accepts connections, at most so many at once: when there is no room, the least useful one makes it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext

from exporter.publish.toolkit.connection import BoundedConnection

MOST_CONNECTIONS = 128
FIRST_BYTE_SECONDS = 5.0
HANDSHAKE_SECONDS = 5.0
STOP_SECONDS = 1.0
_PAUSE_SECONDS = 0.1  # when the system has no descriptor left
_LOOK_SECONDS = 0.2  # between two looks at who makes room

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Visitor:
    """An accepted connection, from before its TLS handshake until it is closed; ``task`` lives as long."""

    connection: BoundedConnection
    task: asyncio.Task[None]

    def dismiss(self) -> None:
        if self.connection.transport is not None:
            self.connection.transport.abort()
        self.task.cancel()


class Listener:
    """Hands accepted sockets to connections; a client that is silent holds a place only until it is needed.

    asyncio's own server has no bound on connections and takes one TLS context for good, so this one accepts by hand:
    ``tls_context`` is asked for each connection.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_connection: Callable[[], BoundedConnection],
        tls_context: Callable[[], SSLContext | None],
    ) -> None:
        self._socket = listener
        self._make_connection = make_connection
        self._tls_context = tls_context
        self._visitors: dict[_Visitor, None] = {}  # in the order of their arrival
        self._left = asyncio.Event()
        self._accepting = asyncio.create_task(self._accept())

    async def stop(self) -> None:
        """Release the port, let requests in flight finish within a second, close everything."""
        self._accepting.cancel()
        await asyncio.gather(self._accepting, return_exceptions=True)
        self._socket.close()
        for visitor in list(self._visitors):
            if visitor.connection.busy:
                visitor.connection.shutdown()
            else:
                visitor.dismiss()
        tasks = [visitor.task for visitor in self._visitors]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for visitor in list(self._visitors):
            visitor.dismiss()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(self._socket)
            except OSError as error:
                log.warning("no connection can be accepted: %s", error.strerror)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            try:
                await self._make_room()
            except asyncio.CancelledError:
                accepted.close()
                raise
            self._admit(accepted)
            # A rush of newcomers must not make one leave before what it sent could be read.
            await asyncio.sleep(0)

    async def _make_room(self) -> None:
        while len(self._visitors) >= MOST_CONNECTIONS:
            visitor = self._least_useful()
            if visitor is None:
                await self._one_leaves()
            else:
                self._forget(visitor)
                visitor.dismiss()

    async def _one_leaves(self) -> None:
        """Wait until a client leaves, but not long: meanwhile one may have stopped reading."""
        self._left.clear()
        # Those that always have a further request would keep their places for good.
        for visitor in self._visitors:
            visitor.connection.shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._left.wait(), _LOOK_SECONDS)

    def _least_useful(self) -> _Visitor | None:
        """Return the oldest client that is not being answered, one that never had an answer first.

        Failing that, the oldest that doesn't read its answer; None if all are being answered and read.
        """
        idle = [visitor for visitor in self._visitors if not visitor.connection.busy]
        if idle:
            return next((visitor for visitor in idle if not visitor.connection.answered), idle[0])
        return next((visitor for visitor in self._visitors if visitor.connection.stalled), None)

    def _admit(self, accepted: socket.socket) -> None:
        # asyncio asks for this only of sockets that were made for TCP by name; without it an answer on a kept
        # connection waits for the client's delayed acknowledgement, 40 ms.
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = self._make_connection()
        visitor = _Visitor(connection, asyncio.create_task(self._attend(accepted, connection)))
        self._visitors[visitor] = None

        def end(_: asyncio.Task[None]) -> None:
            if connection.transport is None:
                accepted.close()
            self._forget(visitor)

        visitor.task.add_done_callback(end)

    async def _attend(self, accepted: socket.socket, connection: BoundedConnection) -> None:
        """Take a connection from its first byte to its end."""
        context = self._tls_context()
        limits = {"ssl_handshake_timeout": HANDSHAKE_SECONDS, "ssl_shutdown_timeout": STOP_SECONDS} if context else {}
        loop = asyncio.get_running_loop()
        try:
            await _first_byte(accepted)
            await loop.connect_accepted_socket(lambda: connection, accepted, ssl=context, **limits)
        except OSError as error:
            log.debug("a connection failed before its first request: %s", error)
        else:
            await connection.closed

    def _forget(self, visitor: _Visitor) -> None:
        self._visitors.pop(visitor, None)
        self._left.set()


async def _first_byte(accepted: socket.socket) -> None:
    """Wait until there is something to read: until then a client costs a socket, and no buffers of TLS.

    Raises TimeoutError if that takes too long.
    """
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(accepted, readable.set)
    try:
        async with asyncio.timeout(FIRST_BYTE_SECONDS):
            await readable.wait()
    finally:
        loop.remove_reader(accepted)
