"""Works on eight threads, each with a buffer of its own that grows to the largest piece of work it has had."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

from steady import steadily

RANDOM = random.Random(29)
POOL = ThreadPoolExecutor(8)
OWN = threading.local()


def work(size: int) -> None:
    """Fill as much of this thread's buffer as is needed."""
    buffer = OWN.__dict__.setdefault("buffer", bytearray())
    if len(buffer) < size:
        buffer.extend(bytes(size - len(buffer)))
    buffer[:size] = bytes(size)


def spread() -> None:
    """Eight pieces of work at once."""
    sizes = [min(2_000_000, int(RANDOM.paretovariate(1) * 10_000)) for _ in range(8)]
    for piece in [POOL.submit(work, size) for size in sizes]:
        piece.result()


steadily(spread)
