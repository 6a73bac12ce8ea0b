"""Blocking work in a thread that can't hold up the end of the process, as one of an executor would."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def in_daemon_thread(work: Callable[[], T], name: str) -> "asyncio.Future[T]":
    """Have ``work`` done in a thread of its own; nobody has to wait for it, or for its end."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()
    # Whoever has stopped waiting doesn't care how it failed.
    outcome.add_done_callback(lambda done: done.cancelled() or done.exception())

    def deliver(result: Callable[[], None]) -> None:
        if not outcome.done():
            result()

    def run() -> None:
        try:
            value = work()
        except Exception as error:
            failure = error
            result: Callable[[], None] = lambda: outcome.set_exception(failure)  # noqa: E731 - one of two
        else:
            result = lambda: outcome.set_result(value)  # noqa: E731 - the other
        with suppress(RuntimeError):  # nobody waits any more: the loop is closed
            loop.call_soon_threadsafe(deliver, result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return outcome
