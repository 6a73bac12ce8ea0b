"""The log of a child process: what it writes to its standard error, and what it asks to be logged."""

import logging
import time
from collections.abc import Callable

LINES_PER_PERIOD = 300
PERIOD_SECONDS = 60.0


def child_log(name: str) -> logging.Logger:
    """Return the log ``exporter.child.NAME`` of a child that is being started, with a bound on how much it takes."""
    log = logging.getLogger(f"exporter.child.{name}")
    log.filters[:] = [FloodFilter()]
    return log


class FloodFilter(logging.Filter):
    """Lets so many records of a period through, and says with the first of a later one how many it has kept back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._began = clock()
        self._count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if self._clock() - self._began >= PERIOD_SECONDS:
            left_out = self._count - LINES_PER_PERIOD
            self._began, self._count = self._clock(), 0
            if left_out > 0:
                record.msg, record.args = f"({left_out} lines left out) {record.getMessage()}", ()
        self._count += 1
        return self._count <= LINES_PER_PERIOD
