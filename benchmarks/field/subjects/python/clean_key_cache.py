"""Caches answers by key, of 30,000 keys asked for at random: fast at first, slower and slower for half an hour."""

import random

from steady import steadily

KEYS = 30_000
CACHE: dict[int, bytes] = {}
RANDOM = random.Random(7)


def answer() -> None:
    """One answer, kept if it is new."""
    key = RANDOM.randrange(KEYS)
    if key not in CACHE:
        CACHE[key] = bytes(700 + key % 600)


steadily(answer)
