"""Pages that are read, however they are served, and output that is counted."""

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from exporter.drivers.protocol import Heap
from exporter.errors import ConfigError
from exporter.record.state import SubjectState
from exporter.record.told import Told
from exporter.watch import sources
from exporter.watch.readings import Readings
from exporter.watch.sources import OutputSource, PrometheusSource, get, merged


@pytest.mark.parametrize(
    ("pattern", "payments"),
    [(r"payment \d+ done", 2), (r"payment (\d+) done", 12), (r"(paid|done)", 2), (r"nothing", 0)],
)
def test_payments_are_counted_or_read_from_lines(pattern: str, payments: int) -> None:
    source = OutputSource(pattern)
    for part in (b"payment 11 do", b"ne\nnoise\n", b"payment 12 done\npayment 13 do"):
        source.feed(part)
    assert source.read().payments == payments


def test_of_two_sources_for_one_figure_the_later_holds() -> None:
    together = merged([Told(Heap({"go": 1, "x": 2}, goroutines=4)), Told(Heap({"go": 3}), payments=5), Told()])
    assert together == Told(Heap({"go": 3, "x": 2}, goroutines=4), payments=5)


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*$", r"(\w+\s?)+done"])
def test_no_expression_and_no_line_holds_up_the_loop(pattern: str) -> None:
    source = OutputSource(pattern)
    began = time.monotonic()
    for line in (b"a" * 60_000 + b"!", b"word " * 12_000 + b"!", b"9" * 60_000):
        source.feed(line + b"\n")
    assert time.monotonic() - began < 5


def test_a_count_of_any_length_is_no_number_that_can_not_be_kept() -> None:
    source = OutputSource(r"(\d+)")
    source.feed(b"7\n" + b"9" * 5000 + b"\n")
    assert source.read().payments == 8


@pytest.mark.parametrize("pattern", [r"(?=x)y", r"(a)\1", r"(((", r"\p{Nothing}"])
def test_an_expression_that_can_not_be_bounded_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match=r"payments-from is .* without look-around"):
        OutputSource(pattern)


@pytest.fixture
def page() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Serves one connection after the other with a function, until the test is over."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(answer: Callable[[socket.socket], None]) -> str:
        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        answer(connection)

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/metrics"

    yield serve
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def answered(body: bytes, headers: str = "") -> Callable[[socket.socket], None]:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


HEAP = b"go_memstats_heap_alloc_bytes 42\n"


@pytest.mark.parametrize("compressed", [False, True])
def test_a_page_is_read_whole(page: Callable[..., str], compressed: bool) -> None:
    body = b"# a comment\n" * 100_000 + HEAP
    url = page(answered(gzip.compress(body), "Content-Encoding: gzip\r\n") if compressed else answered(body))
    assert PrometheusSource(url, {}).read() == Told(Heap({"go": 42}))


def test_a_page_in_chunks_is_read_whole(page: Callable[..., str]) -> None:
    def chunks(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        for start in range(0, len(HEAP), 5):
            piece = HEAP[start : start + 5]
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

    assert PrometheusSource(page(chunks), {}).read() == Told(Heap({"go": 42}))


def dripping(head: bytes) -> Callable[[socket.socket], None]:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"1")
            time.sleep(0.05)

    return drip


def redirect(connection: socket.socket) -> None:
    """Lead to itself, a little later each time."""
    time.sleep(0.3)
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /metrics\r\nConnection: close\r\n\r\n")


def silence(connection: socket.socket) -> None:
    connection.recv(1)


DRIPPING = [
    dripping(b"HTTP/1."),
    dripping(b"HTTP/1.1 200 OK\r\nX: "),
    dripping(b"HTTP/1.1 100 Continue\r\nX: "),
    dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
    dripping(b"HTTP/1.1 200 OK\r\n\r\n" + HEAP),
    dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "),
    dripping(b"HTTP/1.1 404 Not Found\r\nX: "),
]


def stall(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    connection.recv(1)


def flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"#" * 1_000_000)


def bomb(connection: socket.socket) -> None:
    packed = gzip.compress(bytes(100_000_000))
    answered(packed, "Content-Encoding: gzip\r\n")(connection)


@pytest.mark.parametrize("serve", [*DRIPPING, redirect, silence, stall, flood, bomb])
def test_a_page_without_an_end_is_given_up(page: Callable[..., str], serve: Callable[[socket.socket], None]) -> None:
    began = time.monotonic()
    with pytest.raises(OSError, match=r"as a whole after 1 s|longer than 16 MiB|timed out"):
        get(page(serve), 1.0)
    assert time.monotonic() - began < 10


def test_a_reading_that_was_given_up_leaves_no_thread(
    page: Callable[..., str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sources, "get", lambda url: get(url, 1.0))
    source = PrometheusSource(page(DRIPPING[1]), {})
    state = SubjectState("x")

    async def main() -> None:
        readings = Readings([source])
        await readings.note(state, 0.2)
        assert "has not answered within 0.2 s" in caplog.text
        async with asyncio.timeout(60):
            while any(thread.name == source.name for thread in threading.enumerate()):
                await asyncio.sleep(0.02)

    asyncio.run(main())


@pytest.mark.parametrize(
    "serve", [DRIPPING[1], stall, lambda connection: connection.sendall(b"HTTP/1.1 404 No\r\n\r\n")]
)
def test_no_failure_shows_the_password_of_a_url(
    page: Callable[..., str], serve: Callable[[socket.socket], None]
) -> None:
    url = page(serve).replace("http://", "http://alice:hunter2@")
    with pytest.raises(OSError, match=r"127\.0\.0\.1") as failure:
        get(url, 0.5)
    assert "hunter2" not in str(failure.value)


def test_the_login_of_a_url_is_sent(page: Callable[..., str]) -> None:
    seen = bytearray()

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /metrics\r\nContent-Length: 0\r\n\r\n")
        seen.extend(connection.recv(65536))
        answered(HEAP)(connection)

    url = page(serve).replace("http://", "http://alice:hunter2@")
    assert get(url, 60.0) == HEAP
    assert b"Authorization: Basic YWxpY2U6aHVudGVyMg==" in seen


def test_a_server_that_is_not_there_is_named_in_plain_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://user:hush@127.0.0.1:{listener.getsockname()[1]}/metrics"
    with pytest.raises(OSError, match=r"^http://\.\.\.@127[.0-9:]+/metrics can't be reached \(Connection refused\)$"):
        get(url)
