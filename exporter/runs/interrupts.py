"""The signals that ask a run to end: Ctrl-C, SIGTERM, and SIGHUP when its terminal closes."""

import asyncio
import signal
from collections.abc import Callable

# `timeout` and others signal the program that they have started, and then its process group, which it is in.
ONE_REQUEST_SECONDS = 0.5


def handle_interrupts(first: Callable[[], None], again: Callable[[], None]) -> None:
    """Have ``first`` called when this process is asked to end, and ``again`` when it is asked once more.

    Signals that come with the first are one request. After ``nohup``, SIGHUP stays ignored.
    """
    loop = asyncio.get_running_loop()
    asked_at: float | None = None

    def on_signal() -> None:
        nonlocal asked_at
        if asked_at is None:
            asked_at = loop.time()
            first()
        elif loop.time() - asked_at >= ONE_REQUEST_SECONDS:
            again()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, on_signal)
