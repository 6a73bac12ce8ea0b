"""Does a little, and every two minutes a batch that holds 40 MB for a moment."""

from steady import steadily

EVERY = 20 * 120
number = 0


def work() -> None:
    """A small piece of work, or the batch."""
    global number
    number += 1
    if number % EVERY == 0:
        rows = [bytes(1000) + number.to_bytes(4, "little") for number in range(40_000)]
        rows.sort()


steadily(work)
