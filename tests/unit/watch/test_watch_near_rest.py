"""Which samples of a watched program count as near rest."""

import random

import pytest

from exporter.record.state import SubjectState
from exporter.watch.near_rest import NearRest


def marked(done: list[int], step: float = 10.0) -> list[bool]:
    near_rest, state = NearRest(), SubjectState("x", pid=1, heap_bytes={"python": 1 << 20})
    found = []
    for number, count in enumerate(done):
        state.load.payments["any"] = count
        found.append(near_rest.reached(state, number * step))
    return found


@pytest.mark.parametrize(
    ("heaps", "expected"),
    [
        (["python", "native"], {8, 9, 10, 11, 12, 13, 14}),
        (["go"], {9, 12}),
        (["go", "native"], {9, 12}),
        (["node", "node_external"], {8, 9, 10, 11, 12, 13, 14}),
        (["jvm", "native"], set()),
        ([], set()),
    ],
)
def test_heaps_that_are_not_at_their_lowest_are_not_near_rest(heaps: list[str], expected: set[int]) -> None:
    near_rest, state = NearRest(), SubjectState("x", pid=1, heap_bytes=dict.fromkeys(heaps, 1 << 20))
    found = set()
    for number in range(15):
        state.load.payments["any"] = 100 * number
        state.collections = number // 3
        if near_rest.reached(state, 10.0 * number) and number >= 8:
            found.add(number)
    assert found == expected


def test_samples_of_a_steady_load_are_near_rest_once_its_pace_is_known() -> None:
    assert marked([100 * number for number in range(20)]) == [False] * 4 + [True] * 16


@pytest.mark.parametrize("per_step", [2.0, 20.0, 2000.0])
def test_chance_is_no_unsteadiness(per_step: float) -> None:
    chance = random.Random(7)
    done = [0]
    for _ in range(200):
        done.append(done[-1] + round(max(chance.gauss(per_step, per_step**0.5), 0)))
    assert sum(marked(done)) > 160


def test_pauses_and_bursts_are_not_near_rest() -> None:
    steady = [100 * number for number in range(20)]
    pause = [steady[-1]] * 3
    burst = [steady[-1] + 1000]
    after = [burst[-1] + 100 * number for number in range(1, 10)]
    assert marked([*steady, *pause, *burst, *after])[20:] == [False] * 4 + [True] * 9


@pytest.mark.parametrize("done", [[0] * 20, [5] * 20, [9 - number for number in range(9)]])
def test_nothing_is_near_rest_where_nothing_is_done(done: list[int]) -> None:
    assert not any(marked(done))


def test_clocks_that_stand_still_do_no_harm() -> None:
    assert not any(marked(list(range(20)), step=0.0))
