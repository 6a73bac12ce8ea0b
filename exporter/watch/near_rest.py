"""Which samples of a watched program are near rest: heaps read at their lowest, while operations come at a steady pace.

What one operation holds is gone between it and the next; of several readings over a few operations the lowest holds
least of it. Under a steady load that remainder is always much the same. A Go heap is at its lowest when a collection
ends.
"""

from collections import deque
from math import sqrt
from statistics import median

from exporter.record.state import SubjectState
from exporter.watch.go_memory import HEAP as GO_HEAP

_LOOKS_BACK = 10
_FEWEST_STEPS = 3
_SHARE = 0.5
_DEVIATIONS = 3.0
# Heaps that nobody collects for a reading: all that is dropped stays until the next collection.
_FULL_OF_GARBAGE = frozenset({"jvm"})


class NearRest:
    """Looks at the operations done so far and at the heaps, sample by sample."""

    def __init__(self) -> None:
        self._done: int | None = None
        self._at = 0.0
        self._paces: deque[float] = deque(maxlen=_LOOKS_BACK)
        self._collections: int | None = None

    def reached(self, state: SubjectState, seconds: float) -> bool:
        """Whether the sample at ``seconds`` is as near to rest as a steady load allows."""
        steady, collected = self._steady(state.load.payments.total(), seconds), self._collected(state.collections)
        heaps = state.heap_bytes.keys()
        known = state.heap_sum is not None and not heaps & _FULL_OF_GARBAGE
        return steady and known and (collected or GO_HEAP not in heaps)

    def _steady(self, done: int, seconds: float) -> bool:
        """Not before a few steps have shown the pace, nor in one without an operation."""
        before, since = self._done, seconds - self._at
        self._done, self._at = done, seconds
        if before is None or since <= 0:
            return False
        made = done - before
        usual = median(self._paces) * since if len(self._paces) >= _FEWEST_STEPS else 0.0
        self._paces.append(made / since)
        return made > 0 and usual > 0 and abs(made - usual) <= max(_SHARE * usual, _DEVIATIONS * sqrt(usual))

    def _collected(self, collections: int | None) -> bool:
        """Whether garbage was collected since the sample before."""
        before, self._collections = self._collections, collections
        return before is not None and collections is not None and collections > before
