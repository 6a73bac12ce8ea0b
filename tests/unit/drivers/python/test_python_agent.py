"""The agent of a driver in Python: what its SDK does wrong must not spoil the protocol, nor keep it from ending."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from exporter.drivers.protocol import BadLine, Received
from exporter.drivers.python.agent import snake_case
from exporter.drivers.subject import Subject
from exporter.processes.child import Exit, StopLimits

pytestmark = pytest.mark.processes

LIMIT_SECONDS = 120.0
ROOT = Path(__file__).parents[3]
PRELUDE = """
import asyncio, os, sys, time
sys.path.insert(0, {root!r})
from exporter.drivers.python import agent
from exporter.drivers.protocol import Hello

class Driver:
    hello = Hello("test")
    def __init__(self, config, emit):
        self.commands = {{"work": self.work}}
    async def work(self, args):
        {work}
    async def close(self):
        {close}

agent.STOP_WITHIN_SECONDS = {stop_within}
agent.main(Driver)
"""


def driver(work: str = "pass", close: str = "pass", stop_within: float = LIMIT_SECONDS) -> list[str]:
    return [sys.executable, "-c", PRELUDE.format(root=str(ROOT), work=work, close=close, stop_within=stop_within)]


def with_driver(argv: list[str], use: Callable[[Subject], Awaitable[None]]) -> tuple[Exit, list[Received]]:
    async def main() -> tuple[Exit, list[Received]]:
        messages: list[Received] = []
        subject = await Subject.start(argv, {}, messages.append, name="test")
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await use(subject)
                return await subject.stop(StopLimits(asked_seconds=LIMIT_SECONDS)), messages
        finally:
            subject.kill()

    return asyncio.run(main())


def test_what_the_sdk_prints_does_not_spoil_the_protocol() -> None:
    async def use(subject: Subject) -> None:
        await subject.request("work")

    end, messages = with_driver(driver(work="print('hello from the SDK'); os.write(1, b'and from below')"), use)
    assert end == Exit(0)
    assert not any(isinstance(message, BadLine) for message in messages)


@pytest.mark.parametrize("close", ["await asyncio.sleep(600)", "time.sleep(600)"])
def test_a_driver_that_hangs_at_the_end_is_ended_hard(close: str) -> None:
    async def use(_: Subject) -> None:
        pass

    end, _ = with_driver(driver(close=close, stop_within=0.5), use)
    assert end == Exit(1)


def test_a_command_in_flight_does_not_hold_up_the_end() -> None:
    async def use(subject: Subject) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await subject.request("work")

    end, _ = with_driver(driver(work="await asyncio.sleep(600)"), use)
    assert end == Exit(0)


@pytest.mark.parametrize(
    ("configuration", "complaint"),
    [(b"nonsense 5eed\n", b"not a JSON object"), (b'{"protocol":7}\n', b"protocol is 7, this driver speaks 1")],
)
def test_a_configuration_it_can_not_read_is_refused(configuration: bytes, complaint: bytes) -> None:
    done = subprocess.run(driver(), input=configuration, capture_output=True, timeout=LIMIT_SECONDS, check=False)
    assert done.returncode == 2
    assert complaint in done.stdout
    assert b"5eed" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [("InsufficientFunds", "insufficient_funds"), ("PAYMENT_SUCCEEDED", "payment_succeeded"), ("Generic", "generic")],
)
def test_names_become_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected
