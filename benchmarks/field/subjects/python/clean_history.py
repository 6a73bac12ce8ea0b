"""Keeps the last 24,000 readings: a list that grows for eight minutes and then stays."""

from collections import deque

from steady import steadily

HISTORY: deque[dict[str, float]] = deque(maxlen=24_000)
number = 0


def read() -> None:
    """One reading."""
    global number
    number += 1
    HISTORY.append({"number": float(number), "value": number / 3, "other": number / 7})


steadily(read)
