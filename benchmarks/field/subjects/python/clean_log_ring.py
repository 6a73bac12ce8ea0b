"""Logs into a ring of the last 8,000 records, which a handler keeps to tell of when something fails."""

import logging
from collections import deque

from steady import steadily

RECORDS: deque[logging.LogRecord] = deque(maxlen=8000)


class Ring(logging.Handler):
    """Keeps records."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one, and lose the oldest."""
        RECORDS.append(record)


LOGGER = logging.getLogger("payments")
LOGGER.setLevel(logging.INFO)
LOGGER.propagate = False
LOGGER.addHandler(Ring())
number = 0


def log() -> None:
    """One record with a text of its own."""
    global number
    number += 1
    LOGGER.info("payment %d of %s", number, f"customer {number % 997}")


steadily(log)
