"""A server in a thread of its own, and a run to serve."""

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from exporter.publish.server import Server
from exporter.record.state import Histogram, LoadCounters, RunState, SubjectState

LIMIT_SECONDS = 120


def make_run() -> RunState:
    load = LoadCounters(payments=Counter(spark=3), failures=Counter(spark=1), latency_seconds={"spark": Histogram()})
    subject = SubjectState("python", pid=os.getpid(), phase="running", load=load, heap_bytes={"python": 1000})
    return RunState("demo", {"interval": "5s"}, datetime.now(UTC), 60.0, {"python": subject})


class ServerThread:
    """A server that runs until the test is over; ``call`` does something in its event loop."""

    def __init__(self, run: RunState, listen_address: str, web_config: Path | None) -> None:
        self.state = run
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.server = Server(run, listen_address, web_config)

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result(LIMIT_SECONDS)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(LIMIT_SECONDS)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def served(run: RunState, listen_address: str, web_config: Path | None) -> Iterator[ServerThread]:
    thread = ServerThread(run, listen_address, web_config)
    try:
        thread.start()
        try:
            yield thread
        finally:
            thread.stop()
    finally:
        thread.close()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    limit = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < limit, "the condition did not come to hold in time"
        time.sleep(0.02)
