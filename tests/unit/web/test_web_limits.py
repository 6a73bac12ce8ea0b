"""Limits on connections: silence, slowness, number. The limits are shortened, the sockets are real."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from uvicorn.config import Config
from uvicorn.server import ServerState
from web_certificates import Authority
from web_serving import ServerThread, eventually

from exporter.web import connection, listener

REQUEST = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.3)
    monkeypatch.setattr(connection.BoundedConnection, "response_seconds", 0.5)
    monkeypatch.setattr(connection, "CLOSE_SECONDS", 0.2)
    monkeypatch.setattr(listener, "FIRST_BYTE_SECONDS", 0.3)
    monkeypatch.setattr(listener, "HANDSHAKE_SECONDS", 0.3)
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 6)


@pytest.fixture
def connect(server: ServerThread) -> Iterator[Callable[[], socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))


def ends(client: socket.socket) -> bool:
    """Read until the server closes; a reset is an end, too. Fails by the socket's time-out."""
    with contextlib.suppress(ConnectionError):
        while client.recv(65536):
            pass
    return True


def answered(client: socket.socket) -> bool:
    client.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"Healthy.\n") and (chunk := client.recv(4096)):
        answer += chunk
    return answer.startswith(b"HTTP/1.1 200 ")


def drip(client: socket.socket, data: bytes) -> float:
    """Send byte by byte until the server closes; return how long that took."""
    started = time.monotonic()
    client.settimeout(0.05)
    for byte in data * 100:
        try:
            client.sendall(bytes([byte]))
            if not client.recv(4096):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - started


def test_silent_client_is_closed(connect: Callable[[], socket.socket]) -> None:
    assert ends(connect())


def test_slow_request_is_closed(connect: Callable[[], socket.socket]) -> None:
    assert drip(connect(), b"GET / HTTP/1.1\r\nX: " + b"a" * 100) < 5


def test_slow_second_request_is_closed(connect: Callable[[], socket.socket]) -> None:
    client = connect()
    assert answered(client)
    assert drip(client, b"GET / HTTP/1.1\r\nX: " + b"a" * 100) < 5


def test_pause_between_requests_may_be_longer_than_a_request(connect: Callable[[], socket.socket]) -> None:
    client = connect()
    assert answered(client)
    client.settimeout(3 * connection.REQUEST_SECONDS)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(10)
    assert answered(client)


def test_pause_between_requests_has_an_end(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[[], socket.socket]
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.3)
    client = connect()
    assert answered(client)
    assert ends(client)


def never_read(client: socket.socket, data: bytes) -> None:
    """Send until the server is seen to have closed, and read nothing."""
    client.settimeout(0.1)
    left = b""

    def is_reset() -> bool:
        nonlocal left
        with contextlib.suppress(TimeoutError):
            try:
                while True:
                    left = left or data
                    left = left[client.send(left) :]
            except ConnectionError:
                return True
        return False

    eventually(is_reset)


def test_client_that_takes_no_answer_is_closed(connect: Callable[[], socket.socket]) -> None:
    never_read(connect(), b"GET /static/uplot/uPlot.iife.min.js HTTP/1.1\r\nHost: x\r\n\r\n")


class StuckTransport(asyncio.Transport):
    """A transport whose client takes nothing, so that closing politely never ends."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = asyncio.Event()
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self.aborted.set()


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
)
def test_client_that_does_not_take_the_last_answer_is_dropped(sent: bytes) -> None:
    async def converse() -> None:
        config = Config(PlainTextResponse("Healthy.\n"), lifespan="off", ws="none", log_config=None)
        config.load()
        transport = StuckTransport()
        client = connection.BoundedConnection(config, ServerState())
        client.connection_made(transport)
        client.data_received(sent)
        client._disallow()  # the limits on request and response are not what is tested
        async with asyncio.timeout(10):
            await transport.aborted.wait()

    asyncio.run(converse())


def test_body_that_nobody_reads_ends_the_connection(connect: Callable[[], socket.socket]) -> None:
    client = connect()
    client.sendall(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
    assert client.recv(4096).startswith(b"HTTP/1.1 405 ")
    assert ends(client)


def test_unfinished_handshake_is_closed(
    tmp_path: Path, serve_with: Callable[[Path], ServerThread], monkeypatch: pytest.MonkeyPatch
) -> None:
    Authority(tmp_path).issue("server")
    config = tmp_path / "web.yml"
    config.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}")
    with socket.create_connection(("127.0.0.1", serve_with(config).port), 10) as client:
        client.sendall(b"\x16\x03\x01")
        assert ends(client)


def test_newcomer_makes_the_oldest_silent_client_leave_and_not_one_that_was_served(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[[], socket.socket]
) -> None:
    monkeypatch.setattr(listener, "FIRST_BYTE_SECONDS", 60.0)
    scraper = connect()
    assert answered(scraper)
    silent = [connect() for _ in range(listener.MOST_CONNECTIONS)]
    assert ends(silent[0])
    assert answered(scraper)
    assert answered(connect())


def test_ever_more_connections_never_shut_out_the_next(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[[], socket.socket]
) -> None:
    monkeypatch.setattr(listener, "FIRST_BYTE_SECONDS", 60.0)
    for _ in range(5 * listener.MOST_CONNECTIONS):
        connect()
    assert answered(connect())


def test_stop_does_not_wait_for_silent_clients(server: ServerThread, connect: Callable[[], socket.socket]) -> None:
    clients = [connect() for _ in range(3)]
    answered(clients[0])
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < listener.STOP_SECONDS
    assert all(ends(client) for client in clients)
