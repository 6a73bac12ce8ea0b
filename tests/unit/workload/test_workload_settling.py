"""When a load comes to rest: as often as its settings say, and by default for a fiftieth of the time."""

import asyncio
from collections.abc import Callable

import pytest

from exporter.drivers.protocol import Heap
from exporter.record.state import LoadCounters, SubjectState
from exporter.settings.load import WorkloadSettings
from exporter.workload.events import LoadEvent
from exporter.workload.settling import Settler


class StillFleet:
    """A fleet that is at rest at once; syncing it takes as long as ``sync`` does."""

    wallets = ("alice",)

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync

    async def sync(self) -> None:
        self._sync()

    async def balance(self, wallet: str) -> int:
        return 0

    async def collect_garbage(self) -> None: ...

    async def measure(self) -> Heap:
        return Heap({"native": 1})


async def nothing(trimmed: bool) -> None: ...


def ignore(event: LoadEvent) -> None: ...


def first_due(settings: WorkloadSettings, rest_seconds: float) -> tuple[int, LoadCounters]:
    """After how many whole seconds a load is due to settle again, having settled for so long."""

    async def settle_and_wait() -> tuple[int, LoadCounters]:
        loop, passed = asyncio.get_running_loop(), [0.0]
        real = loop.time
        loop.time = lambda: real() + passed[0]  # type: ignore[method-assign]

        def sync() -> None:
            passed[0] += rest_seconds

        state = SubjectState("python")
        settler = Settler(StillFleet(sync), settings, state, nothing, ignore)  # type: ignore[arg-type]
        assert settler.due(20)
        await settler.settle(20)
        began = passed[0]
        while not settler.due(1000):
            passed[0] += 1
        return round(passed[0] - began), state.load

    return asyncio.run(settle_and_wait())


# Reading the heaps until they agree adds 50 ms to a rest, and any time on a busy machine.
@pytest.mark.parametrize(("rest_seconds", "least", "most"), [(0.0, 5, 15), (0.15, 10, 15), (3.0, 15, 15)])
def test_by_default_the_load_rests_for_a_fiftieth_of_the_time_within_bounds(
    rest_seconds: float, least: int, most: int
) -> None:
    waited, load = first_due(WorkloadSettings(), rest_seconds)
    assert least <= waited <= most
    assert rest_seconds < load.settle_seconds < rest_seconds + 1
    assert load.settles == 1


def test_a_gap_that_is_set_is_kept_whatever_it_costs() -> None:
    assert first_due(WorkloadSettings(settle_min_gap_seconds=2), 3.0)[0] == 2
    assert first_due(WorkloadSettings(settle_min_gap_seconds=0), 3.0)[0] == 0


def test_payments_count_too() -> None:
    async def soon() -> bool:
        settings = WorkloadSettings(settle_every=20, settle_min_gap_seconds=0)
        settler = Settler(StillFleet(lambda: None), settings, SubjectState("python"), nothing, ignore)  # type: ignore[arg-type]
        await settler.settle(20)
        return settler.due(39)

    assert not asyncio.run(soon())
