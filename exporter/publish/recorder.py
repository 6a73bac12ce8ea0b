"""Looks at a run once a second and keeps what the live page draws."""

import asyncio
import time

from exporter.publish.collector import read_subject
from exporter.publish.history import History, Point, observed
from exporter.record.sample import Sample
from exporter.record.state import RunState, SubjectState
from exporter.record.terms import Phase

STEP_SECONDS = 1.0
# Wallets being disconnected would end every curve with a drop that tells nothing about the load.
_TAKEN_DOWN = (Phase.STOPPING, Phase.STOPPED)


class Recorder:
    """One history per subject; a subject that is not there, or is being taken down, adds nothing."""

    def __init__(self, run: RunState) -> None:
        self._run = run
        # Wall clocks jump; from here on time is counted.
        self._offset = time.time() - time.monotonic()
        self._settled: dict[str, Sample | None] = {}
        self.histories: dict[str, History] = {name: History(resolution=STEP_SECONDS) for name in run.subjects}

    async def follow(self) -> None:
        """Record until cancelled."""
        while True:
            self.record(self._offset + time.monotonic())
            await asyncio.sleep(STEP_SECONDS)

    def record(self, now: float) -> None:
        """Add what is to be seen at ``now``, in seconds since the epoch."""
        for name, state in self._run.subjects.items():
            if state.up and state.phase not in _TAKEN_DOWN:
                self.histories.setdefault(name, History(resolution=STEP_SECONDS)).add(self._observe(name, state, now))

    def _observe(self, name: str, state: SubjectState, now: float) -> Point:
        settled = state.last_settled
        news = settled is not None and settled is not self._settled.get(name)
        self._settled[name] = settled
        return observed(
            round(now, 3),
            rss=read_subject(state).seen.get("rss_bytes"),
            heap=state.heap_sum,
            settled_heap=settled.heap_allocated_bytes if settled and news else None,
            payments=state.load.payments.total(),
            failures=state.load.failures.total(),
        )
