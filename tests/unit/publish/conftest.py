"""Fixtures: a run, and servers that serve it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from web_serving import ServerThread, make_run, served

from exporter.record.state import RunState


@pytest.fixture
def run() -> RunState:
    return make_run()


@pytest.fixture
def server(run: RunState) -> Iterator[ServerThread]:
    with served(run, "127.0.0.1:0", None) as thread:
        yield thread


@pytest.fixture
def serve_with(run: RunState) -> Iterator[Callable[[Path], ServerThread]]:
    """Start servers with a web configuration; they are stopped with the test."""
    with ExitStack() as stack:
        yield lambda web_config: stack.enter_context(served(run, "127.0.0.1:0", web_config))
