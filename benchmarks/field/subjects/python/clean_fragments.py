"""Replaces strings of every length in a table of 20,000, so that holes are left all over the heap."""

import random

from steady import steadily

RANDOM = random.Random(11)
TABLE = [bytes(RANDOM.randrange(20, 4000)) for _ in range(20_000)]


def replace() -> None:
    """Replace a few."""
    for _ in range(10):
        TABLE[RANDOM.randrange(len(TABLE))] = bytes(int(RANDOM.expovariate(1 / 1500)) + 20)


steadily(replace)
