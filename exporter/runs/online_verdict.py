"""The verdict while a measurement goes on: one child process holds the numbers of all subjects and does the arithmetic.

A child that dies or falls silent is started again, and reads what has been measured so far from the CSV.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from exporter.analysis.judgement import Settings
from exporter.processes.child import LEAN, Child, python_command
from exporter.record.csv_file import CsvSink
from exporter.record.memory_limit import memory_limit_bytes
from exporter.record.sample import Sample
from exporter.record.state import SubjectState
from exporter.record.terms import Verdict
from exporter.runs.growth import forget_growth, keep_growth

EVERY_SECONDS = 60.0
# An answer takes a fraction of a second, after a start on a long CSV a minute.
SILENT_SECONDS = 300.0
# Before each start after the first; one that comes to an answer sets the count back.
PAUSES_SECONDS = (1.0, 5.0, 30.0, 60.0, 60.0)

_COMMAND = python_command("-m", "exporter.analysis.online")

_log = logging.getLogger(__name__)


class OnlineVerdict:
    """Passes samples on to the child, and asks it for its verdicts once a minute.

    ``on_verdict`` gets the subject's name, the verdict and its reason; ``on_lost`` is called when there is none any
    more. A child that can't be had costs the live verdict only: the final one comes from the CSV.
    """

    def __init__(
        self, rule: Settings, on_verdict: Callable[[str, Verdict, str], None], on_lost: Callable[[], None]
    ) -> None:
        self._command = (*_COMMAND, "--threshold", str(rule.threshold_kib_per_min))
        self._on_verdict = on_verdict
        self._on_lost = on_lost
        self._followed: dict[str, tuple[SubjectState, CsvSink]] = {}
        self._child: Child | None = None
        self._running: asyncio.Task[None] | None = None
        self._starts_in_vain = 0
        self._heard_at = 0.0
        self._strays = 0

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return None if self._child is None else self._child.pid

    async def start(self) -> None:
        """Have the child running; it stays so until ``stop``."""
        await self._start_child()
        self._running = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._child is not None:
            await self._child.stop()

    def kill(self) -> None:
        """End the child at once."""
        if self._child is not None:
            self._child.kill()

    def follow(self, state: SubjectState, record: CsvSink) -> None:
        """Judge a subject whose samples are in ``record``."""
        self._followed[state.driver] = state, record
        self._introduce(state, record)

    def add(self, subject: str, sample: Sample) -> None:
        """Pass a sample on."""
        self._write({"subject": subject, **{name: _plain(value) for name, value in sample.cells.items()}})

    async def _keep_running(self) -> None:
        while True:
            await self._ask_until_it_ends()
            self._forget()
            if self._starts_in_vain == len(PAUSES_SECONDS):
                _log.error("there is no verdict before the end: its process can't be kept running")
                return
            pause = PAUSES_SECONDS[self._starts_in_vain]
            self._starts_in_vain += 1
            _log.warning("there is no verdict at the moment: its process is started again in %g s", pause)
            await asyncio.sleep(pause)
            await self._start_child()

    async def _start_child(self) -> None:
        try:
            self._child = await Child.start(self._command, name="verdict", on_line=self._answered, environment=LEAN)
        except OSError as error:
            _log.warning("the process of the live verdict can't be started: %s", error)
            return
        self._heard_at = asyncio.get_running_loop().time()
        for followed in self._followed.values():
            self._introduce(*followed)

    async def _ask_until_it_ends(self) -> None:
        child = self._child
        if child is None:
            return
        loop = asyncio.get_running_loop()
        while True:
            done, _ = await asyncio.wait([child.ended], timeout=EVERY_SECONDS)
            if done:
                break
            if loop.time() - self._heard_at > SILENT_SECONDS:
                _log.warning("the process of the live verdict has not answered for %g s; killing it", SILENT_SECONDS)
                child.kill()
            self._write({"judge": True})
        self._child = None
        _log.warning("the process of the live verdict ended: %s", child.ended.result().text)

    def _forget(self) -> None:
        for state, _ in self._followed.values():
            forget_growth(state)
        self._on_lost()

    def _introduce(self, state: SubjectState, record: CsvSink) -> None:
        path = record.readable
        try:
            end = path.stat().st_size
        except OSError:
            end = 0
        limit = memory_limit_bytes(state.pid)
        known = {"memory_limit_bytes": limit, "record": str(path), "begin": record.begin, "end": end}
        self._write({"subject": state.driver, **known})

    def _write(self, message: dict[str, Any]) -> None:
        if self._child is not None and self._child.exit is None:
            self._child.write(json.dumps(message).encode() + b"\n")

    def _answered(self, line: bytes) -> None:
        """Publish an answer; a line that is none must not matter."""
        try:
            found = json.loads(line)
            state, _ = self._followed[found["subject"]]
            verdict, reason = Verdict(found["verdict"]), str(found["reason"])
            keep_growth(state, found)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._strays += 1
            if self._strays == 1:
                _log.warning("the process of the live verdict printed a line that is no answer: %.200r", line)
            return
        self._heard_at = asyncio.get_running_loop().time()
        self._starts_in_vain = 0
        self._on_verdict(state.driver, verdict, reason)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
