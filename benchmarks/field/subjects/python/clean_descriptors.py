"""Opens files and pipes as they are needed, up to sixty at a time, and closes all of them now and then."""

import os
import random

from steady import steadily

RANDOM = random.Random(9)
OPEN: list[int] = []


def use() -> None:
    """Open one more; rarely, close all."""
    if len(OPEN) >= 60 or RANDOM.random() < 0.02:
        while OPEN:
            os.close(OPEN.pop())
    OPEN.append(os.open(os.devnull, os.O_RDONLY))


steadily(use)
