"""What a request has to be before any application sees it."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from web_serving import LIMIT_SECONDS, ServerThread

from exporter.publish.toolkit.connection import LONGEST_HEAD_BYTES
from exporter.publish.toolkit.security_headers import SECURITY_HEADERS


def status_of(server: ServerThread, request: bytes) -> int:
    with socket.create_connection(("127.0.0.1", server.port), LIMIT_SECONDS) as client:
        client.sendall(request)
        return int(client.recv(65_536).split()[1])


def asked_for(host: str, target: str = "/-/healthy") -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:10366", "127.9.9.9", "[::1]:80", "run.localhost", ""]
)
def test_this_machine_s_names_are_served_on_loopback(server: ServerThread, host: str) -> None:
    assert status_of(server, asked_for(host)) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:10366", "localhost.evil.example", "localhost@evil.example", "[::1]evil"),
        *("127.0.0.1.evil.example", "10.0.0.1", "[2001:db8::1]", "localhost:x"),
    ],
)
def test_other_names_are_refused_on_loopback(server: ServerThread, host: str) -> None:
    assert status_of(server, asked_for(host)) == 421


def test_a_target_may_be_a_whole_url_whose_host_counts(server: ServerThread) -> None:
    own = f"http://127.0.0.1:{server.port}/-/healthy"
    assert status_of(server, asked_for("evil.example", own)) == 200
    assert status_of(server, asked_for("localhost", "http://evil.example/-/healthy")) == 421


# One that the network cuts in two is refused before it is whole.
@pytest.mark.parametrize(("bytes_more", "statuses"), [(-200, {200}), (200, {431, 400})])
def test_a_head_in_one_piece_is_bounded_too(server: ServerThread, bytes_more: int, statuses: set[int]) -> None:
    padding = "x" * (LONGEST_HEAD_BYTES + bytes_more)
    request = f"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nX-Padding: {padding}\r\nConnection: close\r\n\r\n"
    assert status_of(server, request.encode()) in statuses


@pytest.mark.parametrize(
    ("host", "padding", "status"), [("evil.example", 0, 421), ("localhost", LONGEST_HEAD_BYTES - 40, 431)]
)
def test_refusals_have_the_headers_of_every_answer(
    tmp_path: Path, serve_with: Callable[[Path], ServerThread], host: str, padding: int, status: int
) -> None:
    config = tmp_path / "web.yml"
    config.write_text("http_server_config: {headers: {Strict-Transport-Security: max-age=1}}")
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nX-Padding: {padding * 'x'}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", serve_with(config).port), LIMIT_SECONDS) as client:
        client.sendall(request.encode())
        head = b"".join(iter(lambda: client.recv(65_536), b"")).decode().partition("\r\n\r\n")[0]
    assert int(head.split()[1]) == status
    sent = dict(line.split(": ", 1) for line in head.lower().splitlines()[1:])
    assert sent.keys() >= {name.lower() for name in SECURITY_HEADERS} | {"strict-transport-security", "date"}
