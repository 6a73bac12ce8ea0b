"""What the agents in a program's processes tell, added up when a sample is due."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import psutil

from exporter.checked import MAX_SECONDS, UnreadableError, json_object, seconds
from exporter.drivers.protocol import Heap, parse_heap
from exporter.record.told import Told

# Of an agent that hasn't told anything for so many of its pauses, and some seconds, the heap is not known.
_PAUSES = 3
_SECONDS = 5.0
_MOST_PROCESSES = 4096


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one agent told at a time, by the monotonic clock, and what its process ran then."""

    heap: Heap
    at: float
    pause: float
    program: str

    @property
    def size(self) -> int:
        return sum(self.heap.heap_bytes.values())

    def known(self, now: float) -> bool:
        """Whether it still tells what there is."""
        return now - self.at <= _PAUSES * self.pause + _SECONDS


class AgentSource:
    """Of each process the lowest reading since the sample before: what is least disturbed by what it was just doing.

    ``members`` finds the processes that count; what others tell is ignored. Nothing is told where no agent has told
    anything: a program need not be one that takes an agent.
    """

    name: ClassVar[str] = "agent"

    def __init__(self, members: Callable[[], Sequence[psutil.Process]]) -> None:
        self._members = members
        self._lock = threading.Lock()
        self._latest: dict[int, _Reading] = {}
        self._lowest: dict[int, _Reading] = {}

    def hear(self, pid: int, line: bytes) -> None:
        """Take a message; raises UnreadableError for what is none."""
        fields = json_object(line)
        pause = seconds(fields, "pause_seconds", MAX_SECONDS)
        reading = _Reading(parse_heap(fields), time.monotonic(), pause, _program_of(pid))
        with self._lock:
            if pid in self._latest or len(self._latest) < _MOST_PROCESSES:
                self._latest[pid] = reading
                before = self._lowest.get(pid)
                self._lowest[pid] = reading if before is None or reading.size < before.size else before

    def read(self) -> Told:
        members = {process.pid for process in self._members()}
        now = time.monotonic()
        with self._lock:
            self._latest = {pid: reading for pid, reading in self._latest.items() if pid in members}
            latest, lowest, self._lowest = dict(self._latest), self._lowest, {}
        for pid, reading in latest.items():
            if not reading.known(now) and _program_of(pid) == reading.program:
                raise UnreadableError(f"process {pid} has told nothing for {now - reading.at:.0f} s")
        told = [lowest.get(pid, reading) for pid, reading in latest.items() if reading.known(now)]
        return Told(_sum_of([reading.heap for reading in told]))


def _program_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def _sum_of(heaps: Sequence[Heap]) -> Heap:
    def total(sizes: Iterable[Mapping[str, int]]) -> dict[str, int]:
        found: Counter[str] = Counter()
        for each in sizes:
            found.update(each)
        return dict(found)

    collections = [heap.collections for heap in heaps if heap.collections is not None]
    return Heap(
        total(heap.heap_bytes for heap in heaps),
        total(heap.allocator_bytes for heap in heaps),
        collections=sum(collections) if collections else None,
        unreadable=tuple(sorted({name for heap in heaps for name in heap.unreadable})),
    )
