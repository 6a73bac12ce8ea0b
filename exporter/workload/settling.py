"""Settled samples: the load at rest, garbage collected, and only then the heaps read."""

import asyncio
import math
from collections.abc import Awaitable, Callable

import psutil

from exporter.drivers.protocol import Heap
from exporter.errors import SubjectError
from exporter.record.probes import living
from exporter.record.probes.base import in_memory
from exporter.record.state import LoadCounters, SubjectState
from exporter.record.told import note_heap
from exporter.settings.load import WorkloadSettings
from exporter.workload.events import LoadEvent, OnEvent
from exporter.workload.fleet import Fleet, patiently

# A machine that is so slow that the longest gap is too short has other worries than two percent of its time.
MOST_OF_THE_TIME = 0.02
LEAST_GAP_SECONDS = 5.0
LONGEST_GAP_SECONDS = 15.0

REST_SECONDS = 1.0
REST_READINGS = 20
REST_TOLERANCE_BYTES = 2048


# Is told whether the allocator has been trimmed as well.
OnSettled = Callable[[bool], Awaitable[None]]


class Settler:
    """Says when the load should come to rest, and takes the settled sample when it has."""

    def __init__(
        self,
        fleet: Fleet,
        settings: WorkloadSettings,
        state: SubjectState,
        on_settled: OnSettled,
        on_event: OnEvent,
    ) -> None:
        self._fleet = fleet
        self._settings = settings
        self._state = state
        self._on_settled = on_settled
        self._on_event = on_event
        self._last_payments = 0
        self._last_time = -math.inf
        self._last_rest = 0.0

    def due(self, payments: int) -> bool:
        """Whether to settle now, after so many payments."""
        since = asyncio.get_running_loop().time() - self._last_time
        return (
            self._settings.settle_every > 0
            and payments - self._last_payments >= self._settings.settle_every
            and since >= self._gap()
        )

    def _gap(self) -> float:
        """Seconds to leave between two settled samples: as set, or such that resting takes its share of the time."""
        if self._settings.settle_min_gap_seconds is not None:
            return self._settings.settle_min_gap_seconds
        return min(max(LEAST_GAP_SECONDS, self._last_rest / MOST_OF_THE_TIME), LONGEST_GAP_SECONDS)

    async def settle(self, payments: int) -> None:
        """Take a settled sample; nothing may be in flight. Raises CommandError."""
        self._last_payments = payments
        clock = asyncio.get_running_loop().time
        began = clock()
        await self._fleet.sync()
        for wallet in self._fleet.wallets:
            await self._fleet.balance(wallet)
        note_heap(self._state, await rest_and_measure(self._fleet))
        self._state.load.settles += 1
        await self._on_settled(False)
        self._last_time = clock()
        self._last_rest = self._last_time - began
        self._state.load.settle_seconds += self._last_rest
        self._on_event(LoadEvent("settled", f"settled after {payments} payments"))

    async def trim(self) -> None:
        """Take a settled sample of what is held when the allocator keeps nothing back. Raises CommandError."""
        await self._fleet.collect_garbage()
        await self._fleet.trim()
        note_heap(self._state, await self._fleet.measure())
        await self._on_settled(True)


async def rest_and_measure(fleet: Fleet) -> Heap:
    """The subject's heaps without its garbage, once what the SDK still had to do in the background is done.

    Read again and again until two readings agree, or a second has passed.
    """
    await fleet.collect_garbage()
    before, heap = None, await fleet.measure()
    for _ in range(REST_READINGS):
        if before is not None and abs(_total(heap) - _total(before)) <= REST_TOLERANCE_BYTES:
            break
        await asyncio.sleep(REST_SECONDS / REST_READINGS)
        before, heap = heap, await fleet.measure()
    return heap


async def connect_and_weigh(fleet: Fleet, pid: int, counters: LoadCounters, patience: float) -> None:
    """Connect the whole fleet, and note what each instance after the first has added to heap and resident memory."""
    await fleet.connect(patience, count=1)
    heap, rss = await rest_and_measure(fleet), _resident_bytes(pid)
    await fleet.connect(patience)
    await patiently(fleet.sync, patience)
    added_heap = _total(await rest_and_measure(fleet)) - _total(heap)
    counters.instance_heap_bytes = added_heap // (fleet.size - 1)
    counters.instance_rss_bytes = (_resident_bytes(pid) - rss) // (fleet.size - 1)


def _total(heap: Heap) -> int:
    return sum(heap.heap_bytes.values())


def _resident_bytes(pid: int) -> int:
    """The subject's resident set size; raises SubjectError if it is gone."""
    try:
        return in_memory(living(psutil.Process(pid)).memory_info().rss)
    except (psutil.Error, OSError) as error:
        raise SubjectError(f"the subject ended while its instances were connected: {error}") from None
