import numpy as np
import pytest
from numpy.typing import NDArray

from exporter.analysis.doubling import judge_doubling
from exporter.analysis.judgement import Verdict

KIB = 1024
NOISE_BYTES = 30 * KIB


def readings(added: list[float], seed: int = 4) -> list[NDArray[np.float64]]:
    """Five readings at rest before the first phase and after each, which adds so many bytes."""
    rng = np.random.default_rng(seed)
    levels = 8e6 + np.concatenate(([0.0], np.cumsum(added)))
    return [level + NOISE_BYTES * rng.standard_normal(5) for level in levels]


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ([512e3, 512e3], Verdict.LEAK),
        ([2000e3, 10e3], Verdict.NO_LEAK),
        ([0.0, 0.0], Verdict.NO_LEAK),
        ([2000e3, 400e3], Verdict.INCONCLUSIVE),
    ],
)
def test_a_leak_adds_the_same_again_and_a_cache_does_not(added: list[float], expected: Verdict) -> None:
    assert judge_doubling(readings(added), [2000, 2000]).verdict is expected


def test_growing_phases_leak_per_operation() -> None:
    found = judge_doubling(readings([256e3, 512e3, 1024e3]), [1000, 2000, 4000])
    assert found.verdict is Verdict.LEAK
    assert all(growth.low < 256 < growth.high for growth in found.growth)
    assert "it goes on" in found.reason


def test_too_few_operations_for_the_noise_are_inconclusive() -> None:
    assert judge_doubling(readings([5e3, 5e3]), [20, 20]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("phases", "operations"), [(1, [10]), (2, [10]), (2, [10, 0])])
def test_phases_that_do_not_fit_are_refused(phases: int, operations: list[int]) -> None:
    with pytest.raises(ValueError, match="two phases or more"):
        judge_doubling(readings([0.0] * phases), operations)
