"""Fills a cache of the last 20,000 answers, evenly, for about seven minutes, and then replaces."""

from collections import OrderedDict

from steady import steadily

SIZE = 20_000
CACHE: OrderedDict[int, bytes] = OrderedDict()
number = 0


def answer() -> None:
    """One answer that was not asked for before."""
    global number
    number += 1
    CACHE[number] = bytes(1000)
    if len(CACHE) > SIZE:
        CACHE.popitem(last=False)


steadily(answer)
