"""The server by real sockets: methods, paths, formats, start and stop."""

import asyncio
import gzip
import http.client
import json
import re
import signal
import socket
from datetime import UTC, datetime

import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from web_serving import LIMIT_SECONDS, ServerThread, eventually, make_run

from exporter.errors import ConfigError
from exporter.publish.server import Server
from exporter.record.state import RunState

PAGES = ("/", "/metrics", "/-/healthy", "/api/v1/run", "/api/v1/history", "/static/live/page.js")


def get(server: ServerThread, path: str, **headers: str) -> requests.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(server.url + path, headers={"Accept-Encoding": "identity", **names}, timeout=LIMIT_SECONDS)


@pytest.mark.parametrize("path", PAGES)
def test_get_answers(server: ServerThread, path: str) -> None:
    assert get(server, path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_head_has_the_headers_of_get_and_no_body(server: ServerThread, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT_SECONDS)
    connection.request("HEAD", path)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0
    connection.request("GET", path)  # on the same connection: HEAD left nothing behind
    assert len(connection.getresponse().read()) > 0
    connection.close()


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/static/../page.html", "/api/v1", "/%2e%2e/etc/passwd"])
def test_unknown_path_is_404(server: ServerThread, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT_SECONDS)
    connection.request("GET", path)
    assert connection.getresponse().status == 404
    connection.close()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_405_and_say_which_are_allowed(server: ServerThread, method: str, path: str) -> None:
    response = requests.request(method, server.url + path, data=b"x", timeout=LIMIT_SECONDS)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_text_is_the_default_format(server: ServerThread) -> None:
    response = get(server, "/metrics")
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'memtest_payments_total{driver="python",rail="spark"} 3.0' in response.text.splitlines()


def test_openmetrics_on_request(server: ServerThread) -> None:
    response = get(server, "/metrics", Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert (
        response.headers["Content-Type"]
        == "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
    )
    families = {family.name: family for family in parse_openmetrics(response.text)}
    assert families["memtest_payments"].type == "counter"
    assert families["memtest_phase"].type == "stateset"
    assert families["memtest_resident_memory_bytes"].unit == "bytes"


def test_gzip_on_request(server: ServerThread) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT_SECONDS)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
    response = connection.getresponse()
    assert response.headers["Content-Encoding"] == "gzip"
    assert b"memtest_up" in gzip.decompress(response.read())
    connection.close()
    assert "Content-Encoding" not in get(server, "/metrics", Accept_Encoding="gzip;q=0").headers


def test_names_choose_series(server: ServerThread) -> None:
    response = get(server, "/metrics?name[]=memtest_up&name[]=memtest_payments_total&name[]=nothing")
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    assert sorted(lines) == [
        'memtest_payments_total{driver="python",rail="spark"} 3.0',
        'memtest_up{driver="python"} 1.0',
    ]


def test_ready_once_the_load_has_started(server: ServerThread) -> None:
    assert get(server, "/-/ready").status_code == 503
    server.state.load_started_at = datetime.now(UTC)
    assert get(server, "/-/ready").status_code == 200


def test_run_as_json(server: ServerThread) -> None:
    run = get(server, "/api/v1/run").json()
    assert run["name"] == "demo"
    assert run["subjects"]["python"]["load"]["payments"] == {"spark": 3}
    assert run["subjects"]["python"]["resident_memory_bytes"] > 1_000_000


def test_history_grows_and_since_leaves_out_the_known(server: ServerThread) -> None:
    def columns(query: str = "") -> dict[str, list[float]]:
        content: dict[str, list[float]] = get(server, f"/api/v1/history{query}").json()["subjects"]["python"]["columns"]
        return content

    eventually(lambda: len(columns()["time"]) >= 2)
    first, second = columns()["time"][:2]
    assert columns(f"?since={second}&resolution=1")["time"][0] == second
    assert columns(f"?since={second}&resolution=2")["time"][0] == first
    assert columns("?since=soon&resolution=inf")["time"][0] == first


def test_pages_may_not_load_or_be_framed_from_elsewhere(server: ServerThread) -> None:
    headers = get(server, "/").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_files_are_validated_by_tag(server: ServerThread) -> None:
    tag = get(server, "/static/live/page.css").headers["ETag"]
    assert get(server, "/static/live/page.css", If_None_Match=tag).status_code == 304


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n"])
def test_nonsense_and_long_headers_are_400(server: ServerThread, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as client:
        client.sendall(sent)
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_requests_in_a_row_on_one_connection_are_answered_in_order(server: ServerThread) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as client:
        client.sendall(
            b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"
            b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"200", b"404"]


def test_port_in_use_is_refused_with_address_and_remedy(server: ServerThread) -> None:
    async def start_again() -> None:
        await Server(make_run(), f"127.0.0.1:{server.port}").start()

    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{server.port} .*listens there already; stop it, or choose"):
        asyncio.run(start_again())


def test_stop_releases_the_port_and_closes_idle_connections(run: RunState) -> None:
    async def start_and_stop_twice() -> bytes:
        server = Server(run, "127.0.0.1:0")
        await server.start()
        port = int(server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"Healthy.\n")
        await asyncio.wait_for(server.stop(), LIMIT_SECONDS)
        rest = await asyncio.wait_for(reader.read(), LIMIT_SECONDS)
        writer.close()
        async with Server(run, f"127.0.0.1:{port}"):
            pass
        return rest

    assert asyncio.run(start_and_stop_twice()) == b""


def test_leaves_signals_and_tasks_alone(run: RunState) -> None:
    async def serve() -> tuple[bool, set[asyncio.Task[None]]]:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        async with Server(run, "127.0.0.1:0") as server:
            answer = await asyncio.to_thread(requests.get, server.url + "/-/healthy", timeout=LIMIT_SECONDS)
            assert answer.ok
            same = before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        return same, asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(serve()) == (True, set())


@pytest.mark.parametrize("address", [":0", "[::1]:0", "localhost:0", "0.0.0.0:0"])
def test_url_leads_to_the_page(run: RunState, address: str) -> None:
    async def fetch() -> int:
        async with Server(run, address) as server:
            return (await asyncio.to_thread(requests.get, server.url, timeout=LIMIT_SECONDS)).status_code

    assert asyncio.run(fetch()) == 200


def test_json_has_no_text_that_is_not_json(server: ServerThread) -> None:
    server.state.verdict_reason = 'says "<script>" \u2028 é'
    assert json.loads(get(server, "/api/v1/run").text)["verdict_reason"] == server.state.verdict_reason


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name[]=process_cpu_seconds_total", {"process_cpu_seconds_total"}),
        ("name[]=memtest_up&name[]=process_open_fds", {"memtest_up", "process_open_fds"}),
        ("name[]=process_cpu_seconds", {"process_cpu_seconds_total"}),  # a family
        ("name[]=memtest_payment_duration_seconds_count", {"memtest_payment_duration_seconds_count"}),
        ("name[]=nobody", set()),
    ],
)
def test_series_and_families_are_asked_for_by_name(server: ServerThread, query: str, found: set[str]) -> None:
    text = requests.get(f"{server.url}/metrics?{query}", timeout=LIMIT_SECONDS).text
    assert {re.split(r"[{ ]", line)[0] for line in text.splitlines() if not line.startswith("#")} == found


def test_a_blank_name_asks_for_nothing_less(server: ServerThread) -> None:
    whole = requests.get(f"{server.url}/metrics?name[]=", timeout=LIMIT_SECONDS).text
    assert "process_cpu_seconds_total" in whole
    assert "memtest_up" in whole
