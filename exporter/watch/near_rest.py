"""Which samples of a watched program are near rest: heaps read at their lowest, while operations come at a steady pace.

What one operation holds is gone between it and the next; of several readings over a few operations the lowest holds
least of it. Under a steady load that remainder is always much the same.
"""

from collections import deque
from math import sqrt
from statistics import median

_LOOKS_BACK = 10
_FEWEST_STEPS = 3
_SHARE = 0.5
_DEVIATIONS = 3.0


class NearRest:
    """Looks at the operations done so far, sample by sample."""

    def __init__(self) -> None:
        self._done: int | None = None
        self._at = 0.0
        self._paces: deque[float] = deque(maxlen=_LOOKS_BACK)

    def reached(self, done: int, seconds: float) -> bool:
        """Whether the sample at ``seconds``, with so many operations done, is as near to rest as a steady load allows.

        Not before a few steps have shown the pace, nor in one without an operation.
        """
        before, since = self._done, seconds - self._at
        self._done, self._at = done, seconds
        if before is None or since <= 0:
            return False
        made = done - before
        usual = median(self._paces) * since if len(self._paces) >= _FEWEST_STEPS else 0.0
        self._paces.append(made / since)
        return made > 0 and usual > 0 and abs(made - usual) <= max(_SHARE * usual, _DEVIATIONS * sqrt(usual))
