"""A Go program whose garbage is collected now and then, read every two seconds: what is alive shows through it."""

import numpy as np
import pytest

from exporter.drivers.protocol import Heap
from exporter.watch.go_memory import GoMemory, Lowest

MIB = 1 << 20
ALLOCATED_PER_SECOND = 300_000


def read(alive_per_second: float, seconds: int = 300, goal: float = 2.0) -> list[tuple[int, int, bool]]:
    """Of each reading the heap as told, as found and whether it is that of a collection; 1 MiB is alive at first.

    Garbage is collected whenever the heap has reached ``goal`` times what was alive then.
    """
    lowest = Lowest()
    found: list[tuple[int, int, bool, int]] = []
    collections, collected_at, next_at = 0, 0.0, goal * MIB
    alive = dead = 0.0
    for tenth in range(1, seconds * 10 + 1):
        alive = MIB + alive_per_second * tenth / 10
        dead += (ALLOCATED_PER_SECOND - alive_per_second) / 10
        if alive + dead >= next_at:
            collections, collected_at, dead, next_at = collections + 1, tenth / 10, 0.0, goal * alive
        if tenth % 20 == 7:
            heap = Heap({"go": round(alive + dead)}, collections=collections)
            memory = GoMemory(heap, round(MIB + ALLOCATED_PER_SECOND * tenth / 10), collected_at)
            told = lowest.since_the_reading_before(memory, tenth / 10)
            before = found[-1][3] if found else 0
            found.append((heap.heap_bytes["go"], told.heap_bytes["go"], collections > before, collections))
    return [(heap, alive, collected) for heap, alive, collected, _ in found]


@pytest.mark.parametrize("alive_per_second", [0, 30_000])
@pytest.mark.parametrize("goal", [2.0, 6.0])
def test_what_was_alive_at_a_collection_shows_through_the_garbage(alive_per_second: float, goal: float) -> None:
    readings = read(alive_per_second, goal=goal)
    alive = np.array([found for _, found, collected in readings[1:] if collected])
    seconds = np.array([2.0 * number for number, (_, _, collected) in enumerate(readings) if number and collected])
    assert len(alive) >= 5
    slope = float(np.polyfit(seconds, alive, 1)[0])
    assert slope == pytest.approx(alive_per_second, abs=600)
    assert all(found == told for told, found, collected in readings if not collected)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (None, GoMemory(Heap({"go": 5 * MIB}), 9 * MIB, 3.0)),
        (GoMemory(Heap({"go": 4 * MIB}), 8 * MIB, 3.0), GoMemory(Heap({"go": 5 * MIB}), 9 * MIB, 3.0)),
        (GoMemory(Heap({"go": 4 * MIB}), 8 * MIB, 0.0), GoMemory(Heap({"go": 5 * MIB}), 9 * MIB, 0.0)),
        # started anew, and more allocated than the heap held
        (GoMemory(Heap({"go": 4 * MIB}), 80 * MIB, 3.0), GoMemory(Heap({"go": 5 * MIB}), 9 * MIB, 11.0)),
        (GoMemory(Heap({"go": 4 * MIB}), 8 * MIB, 3.0), GoMemory(Heap({"go": 5 * MIB}), 900 * MIB, 10.5)),
    ],
)
def test_where_nothing_is_known_of_it_the_heap_is_as_told(before: GoMemory | None, now: GoMemory) -> None:
    lowest = Lowest()
    if before:
        lowest.since_the_reading_before(before, 10.0)
    assert lowest.since_the_reading_before(now, 12.0).heap_bytes == {"go": 5 * MIB}


@pytest.mark.parametrize("collected_at", [1.0, 9.5, 99.0])
def test_a_clock_that_is_not_ours_costs_no_more_than_a_reading(collected_at: float) -> None:
    lowest = Lowest()
    lowest.since_the_reading_before(GoMemory(Heap({"go": 4 * MIB}), 8 * MIB, 0.5), 10.0)
    told = lowest.since_the_reading_before(GoMemory(Heap({"go": 5 * MIB}), 9 * MIB, collected_at), 12.0)
    assert 4 * MIB <= told.heap_bytes["go"] <= 5 * MIB
