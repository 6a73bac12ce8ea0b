"""What a request has to be before any application sees it."""

import socket

import pytest
from web_serving import LIMIT_SECONDS, ServerThread

from exporter.publish.toolkit.connection import LONGEST_HEAD_BYTES


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
