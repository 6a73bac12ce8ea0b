"""What a Go program's heap held when its garbage was last collected: what is alive, and nothing else.

Between two collections the heap (HeapAlloc of ``runtime.MemStats``) is what was alive and all that was allocated since.
How much that is follows from all that was ever allocated (TotalAlloc), now and when the collection ended (LastGC),
which lies between two readings.
"""

from dataclasses import dataclass, replace

from exporter.drivers.protocol import Heap

HEAP = "go"


@dataclass(frozen=True, slots=True)
class GoMemory:
    """A reading of ``runtime.MemStats``: the heap, the bytes ever allocated, and when garbage was last collected, in
    seconds since 1970; 0 where that is not told.
    """

    heap: Heap
    allocated: int = 0
    collected_at: float = 0.0


class Lowest:
    """Looks at one program's readings, one after another."""

    def __init__(self) -> None:
        self._before: tuple[GoMemory, float] | None = None

    def since_the_reading_before(self, memory: GoMemory, now: float) -> Heap:
        """The heap of the reading at ``now``; as it was when collected, if that has happened since the one before."""
        before, self._before = self._before, (memory, now)
        if before is None or not memory.collected_at:
            return memory.heap
        earlier, then = before
        made = memory.allocated - earlier.allocated
        if memory.collected_at <= earlier.collected_at or made <= 0 or now <= then:
            return memory.heap
        share = min(max((now - memory.collected_at) / (now - then), 0.0), 1.0)
        alive = memory.heap.heap_bytes[HEAP] - round(made * share)
        return replace(memory.heap, heap_bytes={HEAP: alive}) if alive > 0 else memory.heap
