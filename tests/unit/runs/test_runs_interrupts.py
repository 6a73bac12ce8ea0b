"""Requests to end, by real signals to this process."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from exporter.runs import interrupts
from exporter.runs.interrupts import handle_interrupts


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    handled = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in handled.items():
        signal.signal(number, handler)


def requests_heard(*numbers: signal.Signals) -> list[str]:
    """Send signals one after the other; return what each was taken for."""

    async def hear() -> list[str]:
        heard: list[str] = []
        handle_interrupts(lambda: heard.append("first"), lambda: heard.append("again"))
        seen = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, seen.set)
        for number in (*numbers, signal.SIGUSR1):
            os.kill(os.getpid(), number)
            await asyncio.sleep(0)
        await seen.wait()
        return heard

    return asyncio.run(hear())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_request_to_end(number: signal.Signals) -> None:
    assert requests_heard(number) == ["first"]


def test_a_second_request_is_told_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "ONE_REQUEST_SECONDS", 0.0)
    assert requests_heard(signal.SIGINT, signal.SIGTERM) == ["first", "again"]


def test_signals_that_come_together_are_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "ONE_REQUEST_SECONDS", 3600.0)
    assert requests_heard(signal.SIGINT, signal.SIGTERM, signal.SIGINT) == ["first"]


def test_a_closed_terminal_ends_no_run_that_was_told_to_ignore_it() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert requests_heard(signal.SIGHUP) == []
