"""A soak run with a driver and a network that are small real processes: what dies, and how the run ends then."""

import asyncio
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from exporter.errors import LoadError, SubjectError
from exporter.record.state import SubjectState
from exporter.runs import soak
from exporter.runs.lifecycle import outputs, run_state
from exporter.runs.soak import SoakRun, started
from exporter.settings.drivers import DriverChoice
from exporter.settings.load import WorkloadSettings
from exporter.settings.run import RunConfig

pytestmark = pytest.mark.processes

FAKE_DRIVER = Path(__file__).parents[2] / "fixtures" / "fake_driver.py"
NETWORK = ("sh", "-c", """echo '{"network": "regtest", "faucet": {"url": "http://127.0.0.1:1"}}'; cat > /dev/null""")
LIMIT_SECONDS = 60.0
Beside = Callable[[SoakRun, SubjectState], Coroutine[Any, Any, None]]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


def soak_run(beside: Beside, *driver: str, seconds: float = 3600.0, command: tuple[str, ...] = ()) -> int:
    config = RunConfig(
        listen_address="127.0.0.1:0",
        duration_seconds=seconds,
        mem_interval_seconds=0.2,
        workload=WorkloadSettings(interval_seconds=0.0),
        drivers=(DriverChoice("fake", command or (sys.executable, str(FAKE_DRIVER), *driver)),),
    )

    async def both() -> int:
        subject = SubjectState("fake")
        state = run_state(config, config.as_text(), [subject])
        async with outputs(config, state, {"fake": None}) as opened:
            run = SoakRun(config, state, opened, None, "")
            task = asyncio.create_task(beside(run, subject))
            code = await asyncio.wait_for(run.run(), LIMIT_SECONDS)
            await task
        assert not psutil.Process().children(recursive=True)
        return code

    return asyncio.run(both())


@pytest.fixture(autouse=True)
def a_network_that_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "NETWORK_COMMAND", NETWORK)


async def nothing(run: SoakRun, subject: SubjectState) -> None:
    """Leave the run alone."""


def test_a_run_pays_until_its_time_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak_run(nothing, seconds=1.0) == 0
    said = capsys.readouterr().out
    assert re.search(r"Payments +[1-9]\d* spark, 0 failed", said)
    assert "Verdict: " in said


def test_a_driver_that_dies_under_load_is_a_failure_with_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak_run(nothing, "--crash-after", "20") == SubjectError.exit_code
    said = capsys.readouterr().out
    assert re.search("Failed +driver 'fake' ended in the middle of the run: killed by SIGKILL", said)
    assert "Verdict: " in said


def test_a_driver_that_dies_while_funding_is_an_error_without_a_report() -> None:
    async def beside(run: SoakRun, subject: SubjectState) -> None:
        await until(lambda: subject.pid)
        assert subject.pid is not None
        os.kill(subject.pid, signal.SIGKILL)

    with pytest.raises(SubjectError, match="killed by SIGKILL"):
        soak_run(beside, "--fail-requests", "1000")


def test_a_network_that_dies_under_load_is_a_failure_with_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    async def beside(run: SoakRun, subject: SubjectState) -> None:
        await until(lambda: subject.samples_written >= 2)
        network = next(child for child in psutil.Process().children() if "faucet" in " ".join(child.cmdline()))
        network.kill()

    assert soak_run(beside) == LoadError.exit_code
    said = capsys.readouterr().out
    assert re.search("Failed +the local network ended in the middle of the run: killed by SIGKILL", said)
    assert "Verdict: " in said


def test_a_network_that_dies_before_the_driver_is_up_is_an_error() -> None:
    silent = (sys.executable, "-c", "import sys; sys.stdin.read()")

    async def beside(run: SoakRun, subject: SubjectState) -> None:
        await until(
            lambda: [child for child in psutil.Process().children() if "stdin.read" in shlex.join(child.cmdline())]
        )
        network = next(child for child in psutil.Process().children() if "faucet" in " ".join(child.cmdline()))
        network.kill()

    with pytest.raises(LoadError, match="the local network ended"):
        soak_run(beside, command=silent)


def test_an_interrupt_lets_what_is_in_flight_finish(capsys: pytest.CaptureFixture[str]) -> None:
    async def beside(run: SoakRun, subject: SubjectState) -> None:
        await until(lambda: subject.load.payments.total() > 5)
        os.kill(os.getpid(), signal.SIGINT)

    assert soak_run(beside, "--payment-seconds", "0.1") == 130
    said = capsys.readouterr().out
    assert "payments in flight are finished first" in said
    assert re.search(r"Payments +[1-9]\d* spark, 0 failed", said)


@pytest.mark.parametrize(
    ("sdk", "version", "told"),
    [("breez-sdk-spark", "0.27.2", "breez-sdk-spark 0.27.2, process 7"), ("", "", "process 7")],
)
def test_a_subject_is_told_with_the_sdk_that_it_names(sdk: str, version: str, told: str) -> None:
    assert started(SubjectState("fake", sdk=sdk, sdk_version=version, pid=7)) == f"Subject fake: {told}"
