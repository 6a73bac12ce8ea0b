"""Growth that has levelled off, beside growth that only pauses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.analysis.floors import Floors
from exporter.analysis.levelling import level_part
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

KIB, MIB = 1024, 1 << 20
T = np.linspace(0, 15, 60)


@pytest.mark.parametrize(
    ("y", "since"),
    [
        (np.minimum(T, 7), 7.0),
        (np.where(T < 1, 0, 4000), 2.5),
        (1 - np.exp(-T / 2), 6.0),
        (T, None),
        (np.minimum(T, 11), None),
        (np.floor(T / 4), None),
        (-T, None),
        (np.zeros(60), None),
    ],
    ids=["full", "a step at the start", "warm-up", "a line", "full too late", "steps", "falling", "flat"],
)
def test_what_is_level_begins_when_the_rise_is_over(y: np.ndarray, since: float | None) -> None:
    found = level_part(Floors(T, y))
    if since is None:
        assert found is None
    else:
        assert found is not None
        assert found.t[0] == pytest.approx(since, abs=1.5)
        assert found.t[-1] == T[-1]


@given(st.lists(st.floats(-1e9, 1e9), min_size=12, max_size=60))
def test_a_level_part_lasts_for_a_third_of_the_time(values: list[float]) -> None:
    found = level_part(Floors(np.linspace(0, 20, len(values)), np.array(values)))
    assert found is None or found.t[0] <= 20 * 2 / 3 + 1


@pytest.mark.parametrize(("full_after", "expected"), [(7, Verdict.NO_LEAK), (16, Verdict.INCONCLUSIVE)])
def test_a_cache_is_acquitted_once_it_has_been_full_for_some_time(full_after: float, expected: Verdict) -> None:
    seconds = np.arange(0.0, 900, 2)
    noise = np.random.default_rng(5).uniform(0, 8 * KIB, len(seconds))
    filled = 200 * KIB * np.minimum(seconds / 60, full_after) + noise
    found = judge(Run.of("cache", elapsed_sec=seconds, rss_bytes=30 * MIB + filled))
    assert found.verdict is expected


def test_a_leak_by_steps_is_not_acquitted_between_two_of_them() -> None:
    seconds = np.arange(0.0, 3600, 5)
    steps = 8 * MIB * np.floor(seconds / 60 / 16)
    found = judge(Run.of("steps", elapsed_sec=seconds, rss_bytes=30 * MIB + steps))
    assert found.verdict is not Verdict.NO_LEAK
