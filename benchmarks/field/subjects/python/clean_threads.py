"""Starts threads that allocate and end: the C library gives each an arena, and keeps what is free in it."""

import random
import threading

from steady import steadily

RANDOM = random.Random(5)


def work(size: int) -> None:
    """Hold something for a moment."""
    held = [bytearray(size) for _ in range(20)]
    held.clear()


def spread() -> None:
    """Three threads at once."""
    threads = [threading.Thread(target=work, args=(RANDOM.randrange(1000, 60_000),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


steadily(spread)
