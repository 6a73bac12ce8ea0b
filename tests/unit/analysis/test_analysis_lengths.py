"""The lengths at which the verdict may say more, and gaps in the record."""

import numpy as np
import pytest

from exporter.analysis.series import Run
from exporter.analysis.slope import slope
from exporter.analysis.stretch import longest_stretch
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

MIB = 1 << 20


def watched(minutes: float, kib_per_min: float, seed: int = 0) -> Run:
    """A watch that samples every 2 s from 0.2 s on, for so many minutes to the second."""
    seconds = np.arange(0.2, minutes * 60, 2)
    noise = 50_000 * np.random.default_rng(seed).standard_normal(len(seconds))
    return Run.of("watched", elapsed_sec=seconds, rss_bytes=60 * MIB + kib_per_min * 1024 * seconds / 60 + noise)


@pytest.mark.parametrize(("rate", "expected"), [(1641, Verdict.LEAK), (0, Verdict.NO_LEAK)])
@pytest.mark.parametrize("minutes", [20, 45])
def test_samples_of_twenty_minutes_count_as_twenty(minutes: int, rate: float, expected: Verdict) -> None:
    assert judge(watched(minutes, rate)).verdict is expected


def test_samples_of_five_minutes_count_as_five() -> None:
    assert judge(watched(5, 0)).verdict is Verdict.NO_LEAK
    assert judge(watched(4.5, 0)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("rate", [1641, 0])
def test_a_sample_more_turns_no_verdict(rate: float) -> None:
    whole = watched(24, rate)
    verdicts = {
        judge(Run.of("cut", **{name: values[:end] for name, values in whole.columns.items()})).verdict
        for end in range(590, 640, 5)
    }
    assert len(verdicts) == 1


def with_a_gap(*, paying: bool) -> Run:
    """Twenty minutes in which no sample was taken for two, and no payment made either unless it went on."""
    seconds = np.concatenate((np.arange(0, 600, 2), np.arange(720, 1320, 2))).astype(np.float64)
    worked = seconds if paying else np.where(seconds < 600, seconds, seconds - 120)
    return Run.of("gap", elapsed_sec=seconds, rss_bytes=60 * MIB + 1000 * worked, payments=np.floor(worked))


@pytest.mark.parametrize(("paying", "minutes"), [(True, 22), (False, 20)])
def test_a_gap_is_cut_out_where_the_load_stood_still_as_well(paying: bool, minutes: int) -> None:
    stretch = longest_stretch(with_a_gap(paying=paying))
    assert stretch.duration == pytest.approx(minutes, abs=0.05)
    assert any("no sample was taken" in note for note in stretch.notes)
    assert any("cut out" in note for note in stretch.notes) is not paying


def test_a_long_step_of_a_random_walk_counts_for_no_more_than_its_length() -> None:
    rng = np.random.default_rng(1)
    t = np.concatenate((np.arange(20.0), 60 + np.arange(20.0)))
    steps = np.diff(t)
    walks = 0
    for _ in range(50):
        y = np.concatenate(([0.0], np.cumsum(5 * steps + np.sqrt(steps) * rng.standard_normal(len(steps)))))
        found = slope(t, y)
        if found.phi == 1:
            walks += 1
            assert found.value == pytest.approx((y[-1] - y[0]) / (t[-1] - t[0]))
    assert walks > 10
