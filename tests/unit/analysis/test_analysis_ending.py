"""A cache that filled evenly is told from a leak by its end; what is noisy, or pauses for a moment, still grows."""

import numpy as np
import pytest

from exporter.analysis.ending import has_ended

MINUTES = np.linspace(0, 10, 120)
GROWTH = 800.0  # KiB a minute


def readings(*, full_at: float, noise: float = 10.0) -> np.ndarray:
    return GROWTH * np.minimum(MINUTES, full_at) + noise * np.random.default_rng(3).standard_normal(len(MINUTES))


@pytest.mark.parametrize(("full_at", "ended"), [(8.0, True), (9.4, True), (9.95, False), (np.inf, False)])
def test_tells_what_is_full_from_what_still_grows(full_at: float, ended: bool) -> None:
    assert has_ended(MINUTES, readings(full_at=full_at)) is ended


def test_says_nothing_where_noise_is_larger_than_the_growth() -> None:
    assert not has_ended(MINUTES, readings(full_at=9.4, noise=2000.0))


def test_growth_in_large_steps_has_not_ended_between_two_of_them() -> None:
    in_steps = np.floor(readings(full_at=np.inf, noise=0.0) / 500) * 500
    assert not has_ended(MINUTES, in_steps)


def test_few_readings_show_no_end() -> None:
    few = slice(None, None, 15)
    assert not has_ended(MINUTES[few], readings(full_at=6.0)[few])
