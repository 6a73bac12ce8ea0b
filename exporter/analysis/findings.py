"""What the rules are given: the evidence of each series of a run."""

from dataclasses import dataclass

from exporter.analysis.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Findings:
    """What each series of a run shows by itself; ``whole_heap`` says that the heap has a native part, ``reserves`` that
    the subject fills memory that it has reserved bit by bit, ``watched`` that it is a program that nobody here puts a
    load on, ``foreign`` that the record is of another program than this one.
    """

    heap_at_rest: Evidence
    parts_at_rest: tuple[Evidence, ...]
    heap: Evidence
    resident_at_rest: Evidence
    resident: Evidence
    counts: tuple[Evidence, ...]
    whole_heap: bool
    reserves: bool = False
    watched: bool = False
    foreign: bool = False

    @property
    def memory(self) -> tuple[Evidence, ...]:
        return self.heap_at_rest, self.heap, self.resident_at_rest, self.resident

    @property
    def all(self) -> tuple[Evidence, ...]:
        """Those of which there is a sample."""
        return tuple(part for part in (*self.memory, *self.parts_at_rest, *self.counts) if part.samples)
