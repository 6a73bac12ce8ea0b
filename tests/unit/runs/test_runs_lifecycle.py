"""From start to exit code, whatever happens in between: real signals, a real server, a subject without a load."""

import os
import re
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from fake_measurement import FakeMeasurement, FakeSubject, measure, settings

from exporter.errors import DefectError, SubjectError
from exporter.exit_codes import ExitCode
from exporter.record.csv_file import CsvSink
from exporter.record.sample import Sample
from exporter.record.terms import Verdict
from exporter.runs import interrupts, online_verdict

pytestmark = pytest.mark.processes

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Beside = Callable[[FakeMeasurement], Awaitable[None]]


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    handled = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in handled.items():
        signal.signal(number, handler)


async def nothing(run: FakeMeasurement) -> None:
    """Leave the measurement alone."""


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_ends_when_the_time_is_over(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    csv = tmp_path / "out.csv"
    assert measure(settings(duration_seconds=0.4), nothing, csv) == 0
    said = capsys.readouterr().out
    assert "Verdict: inconclusive" in said
    assert len(csv.read_text().splitlines()) >= 3


def test_an_inconclusive_one_fails_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert measure(settings(duration_seconds=0.1, fail_on="inconclusive"), nothing) == 3


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_ends_it_with_its_report(capsys: pytest.CaptureFixture[str], number: signal.Signals) -> None:
    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.samples >= 2)
        os.kill(os.getpid(), number)

    assert measure(settings(), beside) == ExitCode.INTERRUPTED
    said = capsys.readouterr().out
    assert "Stopping" in said
    assert "Verdict: " in said


def test_an_interrupt_while_it_starts_ends_it_without_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    async def beside(run: FakeMeasurement) -> None:
        run.started.clear()
        await run.starting.wait()
        interrupt()

    assert measure(settings(), beside) == ExitCode.INTERRUPTED
    said = capsys.readouterr().out
    assert "nothing was measured" in said
    assert "Verdict: " not in said


def test_a_second_interrupt_ends_everything_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "ONE_REQUEST_SECONDS", 0.0)
    exits: list[int] = []
    monkeypatch.setattr(os, "_exit", exits.append)

    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.samples)
        interrupt()
        interrupt()
        await run.until(lambda: exits)
        assert run.subject.killed
        assert run.killed
        assert not run.outputs.directory.exists()

    # What the second interrupt does comes before the first one is through.
    code = measure(settings(), lambda run: held_up(run, beside, monkeypatch))
    assert exits == [ExitCode.INTERRUPTED]
    assert code == ExitCode.INTERRUPTED


async def held_up(run: FakeMeasurement, beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the subject take as long for its end as the test does for the rest."""

    async def end() -> None:
        await run.until(lambda: run.killed)

    monkeypatch.setattr(run.subject, "_end", end)
    await beside(run)


def test_a_subject_that_dies_is_a_failure_with_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.samples >= 2)
        run.subject.ends.set()

    assert measure(settings(), beside) == SubjectError.exit_code
    said = capsys.readouterr().out
    assert re.search("Failed +the subject is gone", said)
    assert "Verdict: " in said


def test_one_that_dies_before_the_first_sample_is_an_error() -> None:
    async def beside(run: FakeMeasurement) -> None:
        async def die() -> None:
            raise SubjectError("it does not come up")

        run.subject.start = die  # type: ignore[method-assign]

    with pytest.raises(SubjectError, match="does not come up"):
        measure(settings(), beside)


def test_everything_is_ended_whatever_happens() -> None:
    ended: list[bool] = []

    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.samples)
        run.subject.ends.set()
        await run.until(lambda: run.state.finished)
        ended.extend([run.subject.ended, run.ended])
        assert run.subject.state.phase == "stopped"
        assert run.subject.state.pid is None

    assert measure(settings(), beside) == 4
    assert ended == [True, True]


@pytest.mark.parametrize(("fail_on", "code"), [("leak", 0), ("inconclusive", 3)])
def test_without_a_sample_there_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fail_on: str, code: int
) -> None:
    monkeypatch.setattr(FakeSubject, "comes_up", False)
    assert measure(settings(duration_seconds=0.1, fail_on=fail_on), nothing) == code
    said = capsys.readouterr().out
    assert "nothing was measured" in said
    assert "Verdict: " not in said


def test_a_csv_that_cannot_be_written_costs_rows_and_not_the_measurement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(sink: CsvSink, sample: Sample) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(CsvSink, "write", refuse)

    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.subject.state.csv_errors > 3)
        interrupt()

    assert measure(settings(), beside) == ExitCode.INTERRUPTED
    assert "lost: see the log" in capsys.readouterr().out
    assert caplog.text.count("No space left on device") == 1


def test_a_csv_that_is_removed_is_said_once_counted_and_made_anew(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    csv = tmp_path / "out.csv"

    async def beside(run: FakeMeasurement) -> None:
        for times in (1, 2):
            await run.until(csv.exists)
            csv.unlink()
            await run.until(lambda number=times: run.subject.state.csv_mishaps == number)  # type: ignore[misc]
        interrupt()

    assert measure(settings(), beside, csv) == ExitCode.INTERRUPTED
    assert caplog.text.count("made anew") == 1
    said = capsys.readouterr().out
    assert "2 time(s) removed, renamed or cut by others" in said
    assert "no samples" not in said
    assert len(csv.read_text().splitlines()) > 3


def test_it_lingers_with_the_last_state_until_an_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.state.finished)
        assert run.state.verdict == "inconclusive"
        interrupt()

    assert measure(settings(duration_seconds=0.1, linger_seconds=3600.0), beside) == 0
    assert "Serving the last state for 1h" in capsys.readouterr().out


def test_an_interrupted_one_does_not_linger() -> None:
    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.samples)
        interrupt()

    assert measure(settings(linger_seconds=3600.0), beside) == ExitCode.INTERRUPTED


@pytest.mark.parametrize(("stop_on", "stopped"), [("leak", True), ("never", False)])
def test_a_leak_ends_it_when_asked(capsys: pytest.CaptureFixture[str], stop_on: str, stopped: bool) -> None:
    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.samples >= 2)
        run._on_verdict("fake", Verdict.LEAK, "it grows")
        assert run.state.verdict is Verdict.LEAK
        if not stopped:
            interrupt()

    assert measure(settings(stop_on=stop_on), beside) == (0 if stopped else ExitCode.INTERRUPTED)
    assert ("Stopping, as the verdict is leak: it grows" in capsys.readouterr().out) is stopped


def test_the_first_of_several_that_leaks_ends_the_run_of_all_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: all(subject.state.samples_written >= 2 for subject in run.all))
        run._on_verdict("first", Verdict.NO_LEAK, "it is flat")
        run._on_verdict("second", Verdict.INCONCLUSIVE, "it is too early")
        assert not run._stop.is_set()
        run._on_verdict("second", Verdict.LEAK, "it grows")
        run._on_verdict("first", Verdict.LEAK, "it grows as well")

    assert measure(settings(stop_on="leak"), beside, names=("first", "second")) == 0
    said = capsys.readouterr().out
    assert said.count("Stopping, as the verdict is leak") == 1
    assert "Stopping, as the verdict is leak: second: it grows\n" in said


def test_the_subject_that_leaks_is_named_though_nothing_is_known_of_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.samples >= 2)
        run._on_verdict("second", Verdict.LEAK, "it grows")

    assert measure(settings(stop_on="leak"), beside, names=("first", "second")) == 0
    assert "Stopping, as the verdict is leak: second: it grows\n" in capsys.readouterr().out


def test_a_verdict_that_is_no_longer_computed_vanishes_and_comes_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(online_verdict, "EVERY_SECONDS", 0.2)
    monkeypatch.setattr(online_verdict, "PAUSES_SECONDS", (0.5,))

    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.state.verdict)
        child = run._online.pid
        assert child is not None
        os.kill(child, signal.SIGKILL)
        await run.until(lambda: run.state.verdict is None)
        assert run.state.verdict_reason == ""
        await run.until(lambda: run.state.verdict)
        interrupt()

    assert measure(settings(), beside) == ExitCode.INTERRUPTED
    assert "the process of the live verdict ended: killed by SIGKILL" in caplog.text


def test_a_defect_is_70_and_the_samples_so_far_are_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def beside(run: FakeMeasurement) -> None:
        await run.until(lambda: run.samples >= 2)

        usual = run.subject._sample

        async def fail() -> None:
            run.subject._sample = usual  # type: ignore[method-assign]
            raise KeyError("secret")

        run.subject._sample = fail  # type: ignore[method-assign]

    assert measure(settings(), beside) == ExitCode.DEFECT
    said = capsys.readouterr()
    assert "Verdict: inconclusive" in said.out
    assert "unexpected KeyError at test_runs_lifecycle.py:" in caplog.text
    assert "secret" not in said.out + said.err + caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("step", ["_end", "_start"])
def test_a_defect_at_either_end_is_70(capsys: pytest.CaptureFixture[str], step: str) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def beside(run: FakeMeasurement) -> None:
        setattr(run, step, fail)

    def code() -> int:
        try:
            return measure(settings(duration_seconds=0.3), beside)
        except DefectError as error:
            return error.exit_code

    assert code() == ExitCode.DEFECT
    assert ("Verdict: " in capsys.readouterr().out) is (step == "_end")


def test_a_page_that_cannot_be_made_costs_the_page_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("exporter.runs.page.write_run_report", fail)
    assert measure(settings(duration_seconds=0.1, report=tmp_path / "page.html"), nothing) == ExitCode.NO_LEAK
    assert "there is no page: unexpected ZeroDivisionError" in caplog.text


def test_the_page_is_written_at_the_end(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert measure(settings(duration_seconds=0.3, report=page), nothing) == 0
    assert f"Page: {page}" in capsys.readouterr().out
    assert "</html>" in page.read_text()


def test_the_threshold_decides_what_is_a_leak(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The same record, of 600 KiB a minute, under two thresholds."""
    csv = tmp_path / "out.csv"

    def code(threshold: float) -> int:
        csv.write_text(grown(600.0))
        config = settings(duration_seconds=0.1, csv=csv, existing_csv="append", threshold_kib_per_min=threshold)
        return measure(config, nothing, csv)

    assert code(5.0) == 1
    assert code(5000.0) == 0


def grown(kib_per_min: float) -> str:
    """A record of half an hour, up to a second before ours begins."""
    import numpy as np

    from exporter.record.csv_file import HEADER

    columns = HEADER.strip().split(",")
    noise = np.random.default_rng(1).normal(0, 20_000, 360)
    rows = [
        {
            "timestamp": f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}.000Z",
            "elapsed_sec": f"{second}.000",
            "rss_bytes": str(int(50_000_000 + kib_per_min * 1024 * second / 60 + extra)),
            "payments": str(second),
            "payment_failures": "0",
            "phase": "running",
            "settled": "0",
        }
        for second, extra in zip(range(0, 1800, 5), noise, strict=True)
    ]
    return HEADER + "".join(",".join(row.get(name, "") for name in columns) + "\n" for row in rows)
