"""The verdict while a run goes on, from the real child process: a leaking subject and its clean twin."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from exporter.record.columns import COLUMNS
from exporter.record.sample import Sample
from exporter.record.state import SubjectState
from exporter.runs import online_verdict as verdict_watch
from exporter.runs.online_verdict import VerdictWatch

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 30


def sample(second: int, bytes_per_second: int) -> Sample:
    """A sample, each second one at rest, of a subject that pays once a second and grows as told."""
    noise = second * 2_654_435_761 % 8192
    heap = 8_000_000 + bytes_per_second * second + noise
    values = dict.fromkeys(COLUMNS) | {
        "timestamp": START + timedelta(seconds=second),
        "elapsed_sec": float(second),
        "rss_bytes": 50_000_000 + bytes_per_second * second + noise,
        "heap_allocated_bytes": heap,
        "heap_native_bytes": heap,
        "payments": second,
        "payment_failures": 0,
        "listeners": 2,
        "instances": 2,
        "reconnects": 0,
        "phase": "running",
        "settled": second // 10 % 2,
    }
    return Sample(**values)


@pytest.mark.parametrize(("bytes_per_second", "verdict"), [(20_000, "leak"), (0, "no leak")])
def test_tells_the_twins_apart_while_they_run(
    monkeypatch: pytest.MonkeyPatch, bytes_per_second: int, verdict: str
) -> None:
    monkeypatch.setattr(verdict_watch, "EVERY_SECONDS", 0.5)
    monkeypatch.setattr(verdict_watch, "memory_limit_bytes", lambda pid: 200_000_000)

    async def check() -> SubjectState:
        state = SubjectState("python")
        reached = asyncio.Event()

        def on_verdict(found: str, reason: str) -> None:
            assert reason
            if found == verdict:
                reached.set()

        watch = VerdictWatch(state, on_verdict)
        await watch.start()
        for second in range(0, MINUTES * 60, 10):
            watch.add(sample(second, bytes_per_second))
        try:
            await asyncio.wait_for(reached.wait(), 300)
        finally:
            await watch.stop()
        return state

    state = asyncio.run(check())
    if verdict == "leak":
        assert state.growth is not None
        assert state.growth.low <= bytes_per_second <= state.growth.high
        assert state.memory_limit_in_seconds is not None
    else:
        assert state.memory_limit_in_seconds is None


def test_a_run_goes_on_without_a_process_for_the_verdict(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(verdict_watch, "_COMMAND", ("/nonexistent/python",))

    async def check() -> None:
        watch = VerdictWatch(SubjectState("python"), lambda verdict, reason: None)
        await watch.start()
        watch.add(sample(0, 0))
        await watch.stop()

    asyncio.run(check())
    assert "no verdict before the end" in caplog.text
