"""Requests that take a limited time as a whole, whatever a server does: stall, drip its head or drip its body.

`requests` limits each single reading from a socket, so that a byte a second goes on for ever.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

_CHUNK_BYTES = 1 << 16

_Hold = Callable[[socket.socket], None]


class TimedSession(requests.Session):
    """A session whose sockets are shut down when its time is over: who reads from one is told that it has ended.

    ``over`` says whether that has happened: what was read then is not whole, however it looks.
    """

    def __init__(self, seconds: float, retries: Retry | None = None) -> None:
        super().__init__()
        self.over = False
        self._sockets: list[socket.socket] = []
        adapter = _Adapter(self._hold, retries)
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter)
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        self._timer.cancel()
        super().close()

    def _hold(self, connected: socket.socket) -> None:
        self._sockets.append(connected)
        if self.over:
            _shut_down(connected)

    def _end(self) -> None:
        self.over = True
        for connected in self._sockets:
            _shut_down(connected)


def read_body(answer: requests.Response, most_bytes: int) -> bytes:
    """Return the body of a streamed answer; raises OSError for one that is longer, or breaks off."""
    body = bytearray()
    try:
        while chunk := answer.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > most_bytes:
                raise OSError(f"the answer is longer than {most_bytes >> 20} MiB")
    except HTTPError as error:
        raise OSError(f"the answer breaks off: {error}") from None
    return bytes(body)


class _Adapter(HTTPAdapter):
    """Shows every socket that it connects to ``hold``."""

    def __init__(self, hold: _Hold, retries: Retry | None) -> None:
        self._pools = _pools(hold)
        super().__init__(max_retries=retries or 0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        if isinstance(manager, ProxyManager):
            manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(hold: _Hold) -> dict[str, type]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            hold(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            hold(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _shut_down(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not as TLS would: another thread may be reading from it.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
