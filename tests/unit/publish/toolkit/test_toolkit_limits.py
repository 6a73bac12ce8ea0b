"""Limits on connections: silence, slowness, number. The one that a test is about is shortened, the sockets are real."""

import asyncio
import base64
import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import bcrypt
import pytest
from starlette.responses import PlainTextResponse
from web_certificates import Authority
from web_serving import LIMIT_SECONDS, ServerThread, eventually

from exporter.publish.toolkit import connection, listener

REQUEST = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"


LONG_SECONDS = 10 * LIMIT_SECONDS


@pytest.fixture(autouse=True)
def other_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that no test reaches, however slow the machine."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", LONG_SECONDS)
    monkeypatch.setattr(connection, "IDLE_SECONDS", LONG_SECONDS)
    monkeypatch.setattr(connection, "RESPONSE_SECONDS", LONG_SECONDS)
    monkeypatch.setattr(listener, "FIRST_BYTE_SECONDS", LONG_SECONDS)
    monkeypatch.setattr(listener, "HANDSHAKE_SECONDS", LONG_SECONDS)
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 6)


@pytest.fixture
def connect(server: ServerThread) -> Iterator[Callable[[], socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(("127.0.0.1", server.port), LIMIT_SECONDS))


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


def drip_until_closed(client: socket.socket) -> None:
    """Send a request byte by byte until the server closes."""
    client.settimeout(0.05)
    request = itertools.chain(b"GET / HTTP/1.1\r\nX: ", itertools.repeat(ord("a")))

    def is_closed() -> bool:
        try:
            client.sendall(bytes([next(request)]))
            return not client.recv(4096)
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    eventually(is_closed)


def test_silent_client_is_closed(monkeypatch: pytest.MonkeyPatch, connect: Callable[[], socket.socket]) -> None:
    monkeypatch.setattr(listener, "FIRST_BYTE_SECONDS", 0.3)
    assert ends(connect())


def test_slow_request_is_closed(monkeypatch: pytest.MonkeyPatch, connect: Callable[[], socket.socket]) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.3)
    drip_until_closed(connect())


def test_slow_second_request_is_closed(monkeypatch: pytest.MonkeyPatch, connect: Callable[[], socket.socket]) -> None:
    client = connect()
    assert answered(client)
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.3)
    drip_until_closed(client)


def test_pause_between_requests_may_be_longer_than_a_request(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[[], socket.socket]
) -> None:
    client = connect()
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.3)
    assert answered(client)
    client.settimeout(3 * connection.REQUEST_SECONDS)
    with pytest.raises(TimeoutError):
        client.recv(1)
    monkeypatch.setattr(connection, "REQUEST_SECONDS", LONG_SECONDS)
    client.settimeout(LIMIT_SECONDS)
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


def test_client_that_takes_no_answer_is_closed(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[[], socket.socket]
) -> None:
    monkeypatch.setattr(connection, "RESPONSE_SECONDS", 0.5)
    never_read(connect(), b"GET /static/uplot/uPlot.iife.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n")


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
    "sent", [b"nonsense\r\n\r\n", b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"]
)
def test_client_that_does_not_take_the_last_answer_is_dropped(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connection, "CLOSE_SECONDS", 0.2)

    async def converse() -> None:
        transport = StuckTransport()
        client = connection.connections(PlainTextResponse("Healthy.\n"))()
        client.connection_made(transport)
        client.data_received(sent)
        client._disallow()  # the limits on request and response are not what is tested
        async with asyncio.timeout(LIMIT_SECONDS):
            await transport.aborted.wait()

    asyncio.run(converse())


def test_body_that_nobody_reads_ends_the_connection(connect: Callable[[], socket.socket]) -> None:
    client = connect()
    client.sendall(b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nabc")
    assert client.recv(4096).startswith(b"HTTP/1.1 405 ")
    assert ends(client)


def test_unfinished_handshake_is_closed(
    tmp_path: Path, serve_with: Callable[[Path], ServerThread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "HANDSHAKE_SECONDS", 0.3)
    Authority(tmp_path).issue("server")
    config = tmp_path / "web.yml"
    config.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}")
    with socket.create_connection(("127.0.0.1", serve_with(config).port), LIMIT_SECONDS) as client:
        client.sendall(b"\x16\x03\x01")
        assert ends(client)


def test_newcomer_makes_the_oldest_silent_client_leave_and_not_one_that_was_served(
    connect: Callable[[], socket.socket],
) -> None:
    scraper = connect()
    assert answered(scraper)
    silent = [connect() for _ in range(listener.MOST_CONNECTIONS)]
    assert ends(silent[0])
    assert answered(scraper)
    assert answered(connect())


def test_ever_more_connections_never_shut_out_the_next(connect: Callable[[], socket.socket]) -> None:
    for _ in range(5 * listener.MOST_CONNECTIONS):
        connect()
    assert answered(connect())


def test_stop_does_not_wait_for_silent_clients(
    monkeypatch: pytest.MonkeyPatch, server: ServerThread, connect: Callable[[], socket.socket]
) -> None:
    monkeypatch.setattr(listener, "STOP_SECONDS", LONG_SECONDS)
    clients = [connect() for _ in range(3)]
    answered(clients[0])
    server.stop()
    assert all(ends(client) for client in clients)


def test_clients_that_do_not_read_make_room(server: ServerThread, connect: Callable[[], socket.socket]) -> None:
    unread = [connect() for _ in range(listener.MOST_CONNECTIONS)]
    for client in unread:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # More of it than fits into the buffers on the way.
        client.sendall(200 * b"GET /static/uplot/uPlot.iife.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
    visitors = server.server._listener._visitors
    eventually(lambda: all(visitor.connection.stalled for visitor in list(visitors)))
    for _ in range(listener.MOST_CONNECTIONS):
        assert answered(connect())


GUESS = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {}\r\n\r\n"


class Checks:
    """Passwords that are checked when they may be: ``go``."""

    def __init__(self) -> None:
        self.begun: list[bytes] = []
        self.go = threading.Event()

    def checkpw(self, password: bytes, stored: bytes) -> bool:
        self.begun.append(password)
        assert self.go.wait(LIMIT_SECONDS)
        return password == b"open"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Checks]:
    checks = Checks()
    monkeypatch.setattr(bcrypt, "checkpw", checks.checkpw)
    yield checks
    checks.go.set()


@pytest.fixture
def guarded(tmp_path: Path, serve_with: Callable[[Path], ServerThread], checks: Checks) -> ServerThread:
    config = tmp_path / "web.yml"
    config.write_text(f"basic_auth_users: {{alice: {bcrypt.hashpw(b'open', bcrypt.gensalt(4)).decode()}}}")
    return serve_with(config)


def guess(client: socket.socket, password: str) -> None:
    client.sendall(GUESS.format(base64.b64encode(f"alice:{password}".encode()).decode()).encode())


def test_who_has_a_password_checked_and_goes_away_leaves_nothing_to_check(
    guarded: ServerThread, checks: Checks
) -> None:
    address = "127.0.0.1", guarded.port
    waiting = guarded.server._passwords._turns._waiting
    with socket.create_connection(address, LIMIT_SECONDS) as first:
        guess(first, "guess")
        eventually(lambda: checks.begun != [])
        for number in range(20):
            with socket.create_connection(address, LIMIT_SECONDS) as other:
                guess(other, f"guess {number}")
                eventually(lambda: len(waiting) == 1)
            eventually(lambda: waiting == [])
        with socket.create_connection(address, LIMIT_SECONDS) as right:
            guess(right, "open")
            eventually(lambda: len(waiting) == 1)
            checks.go.set()
            assert right.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert checks.begun == [b"guess", b"open"]


def test_guessers_that_never_pause_make_room(guarded: ServerThread, checks: Checks) -> None:
    with contextlib.ExitStack() as stack:
        address = "127.0.0.1", guarded.port
        for each in range(listener.MOST_CONNECTIONS):
            client = stack.enter_context(socket.create_connection(address, LIMIT_SECONDS))
            for number in range(300):
                guess(client, f"guess {each} {number}")
        visitors = guarded.server._listener._visitors
        eventually(lambda: [visitor.connection.busy for visitor in list(visitors)] == [True] * len(visitors))
        right = stack.enter_context(socket.create_connection(address, LIMIT_SECONDS))
        guess(right, "open")
        checks.go.set()
        assert right.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert len(checks.begun) < 300
