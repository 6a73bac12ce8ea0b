"""The verdict while a run goes on, from the real child process: a leaking subject and its clean twin."""

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporter.analysis.judgement import Settings
from exporter.record.columns import COLUMNS
from exporter.record.csv_file import CsvSink
from exporter.record.sample import Sample
from exporter.record.state import SubjectState
from exporter.runs import online_verdict
from exporter.runs.online_verdict import OnlineVerdict

pytestmark = pytest.mark.processes

START = datetime(2026, 1, 1, tzinfo=UTC)


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


MINUTES = 30
THRESHOLD = Settings()


class Followed:
    """A subject that is followed, and what was said of it."""

    def __init__(self, tmp_path: Path, rule: Settings = THRESHOLD) -> None:
        self.state = SubjectState("python")
        self.sink = CsvSink.open(tmp_path / "record.csv", "refuse")
        self.said: list[tuple[str, str, str]] = []
        self.lost = 0
        self.online = OnlineVerdict(rule, lambda *said: self.said.append(said), self._on_lost)

    def _on_lost(self) -> None:
        self.lost += 1

    def measure(self, seconds: range, bytes_per_second: int) -> None:
        for second in seconds:
            taken = sample(second, bytes_per_second)
            self.sink.write(taken)
            self.online.add("python", taken)

    async def __aenter__(self) -> "Followed":
        await self.online.start()
        self.online.follow(self.state, self.sink)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.online.stop()
        self.sink.close()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(300):
            while not condition():
                await asyncio.sleep(0.01)

    def kill(self) -> int:
        pid = self.online.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online_verdict, "EVERY_SECONDS", 0.2)
    monkeypatch.setattr(online_verdict, "PAUSES_SECONDS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(online_verdict, "memory_limit_bytes", lambda pid: 200_000_000)


@pytest.mark.parametrize(("bytes_per_second", "verdict"), [(20_000, "leak"), (0, "no leak")])
def test_tells_the_twins_apart_while_they_run(tmp_path: Path, bytes_per_second: int, verdict: str) -> None:
    async def check() -> SubjectState:
        async with Followed(tmp_path) as followed:
            followed.measure(range(0, MINUTES * 60, 10), bytes_per_second)
            await followed.until(lambda: any(said[1] == verdict for said in followed.said))
            return followed.state

    state = asyncio.run(check())
    if verdict == "leak":
        assert state.growth is not None
        assert state.growth.low <= bytes_per_second <= state.growth.high
        assert state.memory_limit_in_seconds is not None
    else:
        assert state.memory_limit_in_seconds is None


def test_the_threshold_reaches_it(tmp_path: Path) -> None:
    async def check() -> None:
        async with Followed(tmp_path, Settings(threshold_kib_per_min=5000, acquit_kib_per_min=5000)) as followed:
            followed.measure(range(0, MINUTES * 60, 10), 20_000)
            await followed.until(lambda: any(said[1] == "no leak" for said in followed.said))

    asyncio.run(check())


def test_one_that_dies_is_said_and_started_again_with_all_that_was_measured(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def check() -> None:
        async with Followed(tmp_path) as followed:
            followed.measure(range(0, MINUTES * 60, 10), 20_000)
            await followed.until(lambda: followed.state.growth)
            killed = followed.kill()
            await followed.until(lambda: followed.lost)
            assert followed.state.growth is None
            assert followed.state.memory_growth == {}
            followed.said.clear()
            await followed.until(lambda: any(said[1] == "leak" for said in followed.said))
            assert followed.online.pid not in (None, killed)

    asyncio.run(check())
    assert "the process of the live verdict ended: killed by SIGKILL" in caplog.text


def test_one_that_is_killed_again_and_again_comes_back_each_time(tmp_path: Path) -> None:
    async def check() -> None:
        async with Followed(tmp_path) as followed:
            followed.measure(range(0, 100, 10), 0)
            for round_ in range(1, 6):
                followed.said.clear()
                await followed.until(lambda: followed.said)
                followed.kill()
                await followed.until(lambda number=round_: followed.lost == number)  # type: ignore[misc]

    asyncio.run(check())


def test_one_that_does_not_answer_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with Followed(tmp_path) as followed:
            followed.measure(range(0, 100, 10), 0)
            await followed.until(lambda: followed.said)
            pid = followed.online.pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            monkeypatch.setattr(online_verdict, "SILENT_SECONDS", 0.5)
            await followed.until(lambda: followed.lost)
            monkeypatch.setattr(online_verdict, "SILENT_SECONDS", 300.0)
            followed.said.clear()
            await followed.until(lambda: followed.said)

    asyncio.run(check())


@pytest.mark.parametrize("command", [("false",), ("/nonexistent/python",)])
def test_one_that_cannot_be_had_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(online_verdict, "_COMMAND", command)

    async def check() -> None:
        async with Followed(tmp_path) as followed:
            followed.measure(range(0, 100, 10), 0)
            await followed.until(lambda: "can't be kept running" in caplog.text)
            assert followed.online.pid is None

    asyncio.run(check())
    assert caplog.text.count("started again") == len(online_verdict.PAUSES_SECONDS)


def test_a_line_that_is_no_answer_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    strays = b'hello\n\xff\n{}\n[1]\n{"subject": "nobody"}\n{"subject": "python", "verdict": "leak"}\nnull\n' * 10

    async def check() -> None:
        async with Followed(tmp_path) as followed:
            followed.measure(range(0, 100, 10), 0)
            for line in strays.splitlines():
                followed.online._answered(line)
            assert followed.said == []
            await followed.until(lambda: followed.said)

    asyncio.run(check())
    assert caplog.text.count("a line that is no answer") == 1


def test_a_module_in_the_working_directory_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("random", "json", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')\n")
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        async with Followed(tmp_path) as followed:
            followed.measure(range(0, 100, 10), 0)
            await followed.until(lambda: followed.said)
            assert followed.lost == 0

    asyncio.run(check())
