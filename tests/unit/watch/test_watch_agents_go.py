"""Go programs are asked for their heap where they listen, and nobody else is."""

import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from exporter.watch.agents.go import GoSource, built_by_go

EXPVAR = (Path(__file__).parents[2] / "fixtures" / "watch" / "expvar.json").read_bytes()


class Pages(HTTPServer):
    """Serves `pages`, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []


class Page(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path)
        self.send_response(404 if page is None else 200)
        self.end_headers()
        self.wfile.write(page or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Pages]:
    with Pages() as pages:
        thread = threading.Thread(target=pages.serve_forever)
        thread.start()
        yield pages
        pages.shutdown()
        thread.join()


def source(*, is_go: bool) -> GoSource:
    return GoSource(lambda: [psutil.Process()], lambda program: is_go and program == os.path.realpath(sys.executable))


def test_the_pages_that_are_there_are_read(server: Pages) -> None:
    go = source(is_go=True)
    server.pages["/debug/vars"] = EXPVAR
    assert go.read().heap.heap_bytes["go"] > 0
    assert go.read().heap.heap_bytes["go"] > 0
    assert server.asked.count("/debug/pprof/heap?debug=1") == 1


def test_a_port_without_such_pages_is_asked_once(server: Pages) -> None:
    go = source(is_go=True)
    for _ in range(3):
        assert not go.read().heap.heap_bytes
    assert server.asked == ["/debug/pprof/heap?debug=1", "/debug/vars"]


def test_what_was_not_built_by_go_is_not_asked(server: Pages) -> None:
    assert not source(is_go=False).read().heap.heap_bytes
    assert not server.asked


def test_a_program_is_known_by_what_go_writes_into_it(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF" + bytes(5000) + b"\xff Go buildinf:" + bytes(100))
    assert built_by_go(str(program))
    assert not built_by_go(os.path.realpath(sys.executable))
