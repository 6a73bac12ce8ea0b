"""A server under clients that mean it harm, or too well: a scrape a second stays quick."""

import contextlib
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

import psutil
import pytest
from certificates import write_self_signed
from driving import Driven, driven_run
from running_exporter import LIMIT_SECONDS, wait_until

pytestmark = pytest.mark.e2e

QUICK_SECONDS = 0.1
SCRAPES = 10


@pytest.fixture
def driven() -> Iterator[Driven]:
    with driven_run() as driven:
        yield driven


@pytest.fixture
def spared() -> Iterator[Driven]:
    """A server that is left in peace: it shows what the machine adds to a scrape just now."""
    with driven_run() as spared:
        yield spared


@pytest.fixture
def tls_driven(tmp_path: Path) -> Iterator[Driven]:
    write_self_signed(tmp_path / "server.pem", tmp_path / "server.key")
    config = tmp_path / "web.yml"
    config.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}")
    with driven_run(config) as driven:
        yield driven


def scrape(driven: Driven) -> float:
    """Scrape on a connection of its own; return how long it took."""
    started = time.perf_counter()
    if driven.url.startswith("https"):
        context = ssl._create_unverified_context()
        connection: HTTPConnection = HTTPSConnection("127.0.0.1", driven.port, timeout=LIMIT_SECONDS, context=context)
    else:
        connection = HTTPConnection("127.0.0.1", driven.port, timeout=LIMIT_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        assert response.status == 200
        assert len(response.read()) > 500
    return time.perf_counter() - started


def assert_quick(driven: Driven, spared: Driven) -> None:
    """Fail unless the usual scrape is within 100 ms, and what a busy machine adds to one of the spared server."""
    times, spared_times = [], []
    for _ in range(SCRAPES):
        times.append(scrape(driven))
        spared_times.append(scrape(spared))
        time.sleep(0.3)
    # The machine may stumble once or twice.
    assert statistics.median(times) < QUICK_SECONDS + 5 * statistics.median(spared_times)


@contextlib.contextmanager
def in_background(act: Callable[[threading.Event], None], threads: int = 1) -> Iterator[None]:
    stopped = threading.Event()
    running = [threading.Thread(target=act, args=(stopped,)) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in running:
            thread.join()


def keep_open(driven: Driven, number: int, first_bytes: bytes) -> Callable[[threading.Event], None]:
    """Hold so many connections open that send nothing after the first bytes; renew those that are closed."""

    def act(stopped: threading.Event) -> None:
        clients: list[socket.socket] = []
        renewed = 0.0
        while not stopped.wait(0.05):
            if time.monotonic() - renewed < 2.0:
                continue
            renewed = time.monotonic()
            clients = [client for client in clients if not is_closed(client)]
            for _ in range(number - len(clients)):
                with contextlib.suppress(OSError):
                    client = socket.create_connection(("127.0.0.1", driven.port), LIMIT_SECONDS)
                    clients.append(client)
                    client.sendall(first_bytes)
        for client in clients:
            client.close()

    return act


def is_closed(client: socket.socket) -> bool:
    try:
        client.setblocking(False)
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def drip(driven: Driven) -> Callable[[threading.Event], None]:
    """Send a request at a byte a second, on a hundred connections."""

    def act(stopped: threading.Event) -> None:
        clients = [socket.create_connection(("127.0.0.1", driven.port), LIMIT_SECONDS) for _ in range(100)]
        while not stopped.wait(1.0):
            for client in clients:
                with contextlib.suppress(OSError):
                    client.sendall(b"G")
        for client in clients:
            client.close()

    return act


def scrape_at(driven: Driven, rate: float, done: list[float]) -> Callable[[threading.Event], None]:
    """Scrape so often a second on one connection."""

    def act(stopped: threading.Event) -> None:
        connection = HTTPConnection("127.0.0.1", driven.port, timeout=LIMIT_SECONDS)
        due = time.perf_counter()
        while not stopped.is_set():
            due = max(due + 1 / rate, time.perf_counter() - 0.5)
            time.sleep(max(0.0, due - time.perf_counter()))
            with contextlib.suppress(OSError, HTTPException):
                connection.request("GET", "/metrics")
                connection.getresponse().read()
                done.append(time.perf_counter())

    return act


def test_500_idle_connections(driven: Driven, spared: Driven) -> None:
    with in_background(keep_open(driven, 500, b"")):
        assert_quick(driven, spared)


def test_500_connections_with_half_a_request(driven: Driven, spared: Driven) -> None:
    with in_background(keep_open(driven, 500, b"GET /metrics HTTP/1.1\r\nHost:")):
        assert_quick(driven, spared)


def test_clients_that_never_finish_the_tls_handshake(tls_driven: Driven, spared: Driven) -> None:
    with in_background(keep_open(tls_driven, 200, b"\x16\x03\x01")):
        assert_quick(tls_driven, spared)


def test_a_byte_a_second(driven: Driven, spared: Driven) -> None:
    with in_background(drip(driven)):
        assert_quick(driven, spared)


def test_200_scrapes_a_second(driven: Driven, spared: Driven) -> None:
    done: list[float] = []
    with in_background(scrape_at(driven, 50.0, done), threads=4):
        wait_until(lambda: done, "a scrape of the others")
        while len(done) < 200:
            assert_quick(driven, spared)


def test_descriptors_are_bounded_and_given_back(driven: Driven) -> None:
    process = psutil.Process(driven.pid)
    before = process.num_fds()
    with in_background(keep_open(driven, 500, b"")):
        for _ in range(SCRAPES):
            wait_until(lambda: process.num_fds() > before + 100, "the clients' connections")
            scrape(driven)
            assert process.num_fds() < before + 200
    wait_until(lambda: process.num_fds() <= before + 5, "descriptors given back")


def test_no_thread_per_client(driven: Driven) -> None:
    process = psutil.Process(driven.pid)
    before = process.num_fds()
    with in_background(keep_open(driven, 300, b"")):
        wait_until(lambda: process.num_fds() > before + 100, "the clients' connections")
        scrape(driven)
        assert process.num_threads() < 10
