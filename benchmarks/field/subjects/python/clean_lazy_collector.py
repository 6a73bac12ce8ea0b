"""Makes cycles, which only the collector frees, and lets it run rarely."""

import gc

from steady import steadily

gc.set_threshold(60_000, 5, 5)


class Node:
    """A thing that knows itself."""

    def __init__(self) -> None:
        self.me = self
        self.payload = bytearray(300)


def tangle() -> None:
    """Ten of them, dropped at once."""
    for _ in range(10):
        Node()


steadily(tangle)
