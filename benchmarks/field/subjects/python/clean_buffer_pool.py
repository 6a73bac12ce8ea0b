"""Lends buffers from a pool that grows to the greatest demand so far; demand comes in waves with rare peaks."""

import random

from steady import steadily

RANDOM = random.Random(3)
POOL: list[bytearray] = []


def lend() -> None:
    """Use as many buffers as are needed now, and give them back."""
    needed = min(400, int(RANDOM.paretovariate(1.2) * 4))
    lent = [POOL.pop() if POOL else bytearray(32_000) for _ in range(needed)]
    for buffer in lent:
        buffer[0] = 1
    POOL.extend(lent)


steadily(lend)
