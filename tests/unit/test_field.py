"""The field test's own parts: what it keeps of a run, and the rules that it sets beside the product's."""

from collections.abc import Callable

import numpy as np
import pytest
from field.recording import thinned
from field.rules import Line, mann_kendall, straight_line

from exporter.analysis.series import Run
from exporter.record.terms import Verdict

MIB = 1 << 20


def watched(kib_per_min: float) -> Run:
    seconds = np.arange(0.0, 900, 10)
    noise = 50_000 * np.random.default_rng(4).standard_normal(len(seconds))
    return Run.of("watched", elapsed_sec=seconds, rss_bytes=40 * MIB + kib_per_min * 1024 / 60 * seconds + noise)


def test_keeps_a_row_every_four_seconds() -> None:
    rows = [["timestamp", "elapsed_sec"], *(["", str(0.2 + second)] for second in range(10))]
    assert thinned(rows) == "timestamp,elapsed_sec\n,0.2\n,4.2\n,8.2\n"


@pytest.mark.parametrize("rule", [straight_line, mann_kendall])
@pytest.mark.parametrize(("kib_per_min", "expected"), [(0, Verdict.NO_LEAK), (500, Verdict.LEAK)])
def test_the_other_rules_tell_a_plain_leak_from_noise(
    rule: Callable[[Run], Line], kib_per_min: float, expected: Verdict
) -> None:
    assert rule(watched(kib_per_min)).verdict is expected
