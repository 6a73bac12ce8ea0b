"""Appends samples to an array that starts afresh when it has a million: it grows by moving to a larger mapping."""

from array import array

from steady import steadily

SAMPLES = array("d")
FULL = 1_000_000


def sample() -> None:
    """A hundred samples more."""
    if len(SAMPLES) >= FULL:
        del SAMPLES[:]
    SAMPLES.extend(float(number) for number in range(100))


steadily(sample)
