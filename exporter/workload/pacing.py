"""When payments are due: a steady schedule that a slow payment doesn't shift."""

import math


class Schedule:
    """Payment k is due at ``start + k * interval``; an interval of 0 makes every payment due at once.

    Times are seconds of one monotonic clock.
    """

    def __init__(self, start: float, interval: float) -> None:
        self._start = start
        self._interval = interval
        self._next = 0

    def delay(self, now: float) -> float:
        """Seconds until the next payment is due, 0 if it is."""
        return max(0.0, self._start + self._next * self._interval - now)

    def take(self, now: float) -> int:
        """Start the payment that is due; tells how many slots before it have gone by unused."""
        if self._interval == 0:
            return 0
        current = math.floor((now - self._start) / self._interval)
        missed = max(0, current - self._next)
        self._next = max(self._next, current) + 1
        return missed
