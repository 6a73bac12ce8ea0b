"""The verdict on a subject while the run goes on: a child process holds the numbers and does the arithmetic."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from exporter.processes.child import Child
from exporter.record.memory_limit import memory_limit_bytes
from exporter.record.sample import Sample
from exporter.record.state import SubjectState
from exporter.record.terms import Verdict
from exporter.runs.growth import keep_growth

EVERY_SECONDS = 60.0

_COMMAND = (sys.executable, "-m", "exporter.analysis.online")

_log = logging.getLogger(__name__)


class VerdictWatch:
    """Passes samples on to the child, and asks it for its verdict once a minute.

    ``on_verdict`` gets every verdict with its reason. A child that can't be had costs the verdict only: the run's
    own comes from the CSV.
    """

    def __init__(self, state: SubjectState, on_verdict: Callable[[Verdict, str], None]) -> None:
        self._state = state
        self._on_verdict = on_verdict
        self._child: Child | None = None
        self._asking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        limit = ("--memory-limit", str(memory_limit_bytes(self._state.pid)))
        try:
            self._child = await Child.start((*_COMMAND, *limit), name="verdict", on_line=self._answered)
        except OSError as error:
            _log.warning("there is no verdict before the end: its process can't be started: %s", error)
            return
        self._asking = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        if self._child is not None:
            await self._child.stop()

    def kill(self) -> None:
        """End the child at once."""
        if self._child is not None:
            self._child.kill()

    def add(self, sample: Sample) -> None:
        """Pass a sample on."""
        self._write({name: _plain(value) for name, value in sample.cells.items()})

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            self._write({"judge": True})

    def _write(self, message: dict[str, Any]) -> None:
        if self._child is not None and self._child.exit is None:
            self._child.write(json.dumps(message).encode() + b"\n")

    def _answered(self, line: bytes) -> None:
        found = json.loads(line)
        keep_growth(self._state, found)
        self._on_verdict(Verdict(found["verdict"]), found["reason"])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
