"""One HTTP connection: uvicorn's protocol with limits on how long a client may take.

The only module that touches what uvicorn keeps to itself: a new release of it is to be tried against the tests of
these limits before the range in pyproject.toml goes up.
"""

import asyncio
from collections.abc import Callable

import h11
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

REQUEST_SECONDS = 5.0  # from the first byte of a request to the end of its head
RESPONSE_SECONDS = 20.0  # from there to the end of the response
IDLE_SECONDS = 120  # between two requests; longer than the usual scrape intervals
CLOSE_SECONDS = 2.0  # for a client to take what was written when the connection is to be closed
LONGEST_HEAD_BYTES = 16_384


def connections(app: ASGIApp, response_seconds: float = 0.0) -> "Callable[[], BoundedConnection]":
    """Return what makes a connection to an application; its answers may take ``RESPONSE_SECONDS``, or as said."""
    config = Config(
        app,
        interface="asgi3",
        http=BoundedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=LONGEST_HEAD_BYTES,
    )
    config.load()
    state = ServerState()
    return lambda: BoundedConnection(config, state, response_seconds or RESPONSE_SECONDS)


class BoundedConnection(H11Protocol):
    """Ends a connection whose client is silent, or too slow to send a request or to take a response.

    uvicorn has a limit only on the pause between two requests. ``busy`` is true while a request is being answered,
    ``answered`` is how many were.
    """

    def __init__(self, config: Config, server_state: ServerState, response_seconds: float) -> None:
        super().__init__(config, server_state, {})
        self._response_seconds = response_seconds
        self.timeout_keep_alive = IDLE_SECONDS
        self.answered = 0
        self.closed: asyncio.Future[None] = self.loop.create_future()
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def stalled(self) -> bool:
        """Whether an answer waits for its client to read it."""
        return self.busy and self.transport.get_write_buffer_size() > 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._allow(REQUEST_SECONDS)

    def data_received(self, data: bytes) -> None:
        begins = not self.busy
        if begins and self._deadline is None:
            self._allow(REQUEST_SECONDS)
        super().data_received(data)
        if begins and self.busy:
            self._allow(self._response_seconds)

    def on_response_complete(self) -> None:
        self.answered += 1
        self._disallow()
        # A body that nobody reads must not keep the connection busy with its rest.
        if self.transport.is_closing() or self.conn.their_state is h11.SEND_BODY:
            self.part()
        super().on_response_complete()
        if self.busy:
            self._allow(self._response_seconds)
        elif self.conn.trailing_data[0]:
            self._allow(REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disallow()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        if not self.closed.done():
            self.closed.set_result(None)

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self.part()

    def timeout_keep_alive_handler(self) -> None:
        self.part()

    def part(self) -> None:
        """Close, and do not wait for long for the client to take what was written."""
        self.transport.close()
        self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def _allow(self, seconds: float) -> None:
        self._disallow()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _disallow(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
