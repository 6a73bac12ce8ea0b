"""What was confirmed while a run went on is not taken back at its end."""

import numpy as np
import pytest

from exporter.analysis.online_subjects import Online
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

MIB = 1 << 20


def watched(minutes: float, kib_per_min: float, seed: int) -> Run:
    seconds = np.arange(0.2, minutes * 60, 2)
    noise = 100_000 * np.random.default_rng(seed).standard_normal(len(seconds))
    return Run.of("watched", elapsed_sec=seconds, rss_bytes=60 * MIB + kib_per_min * 1024 * seconds / 60 + noise)


def last_look(run: Run) -> Verdict:
    online = Online()
    verdict = Verdict.INCONCLUSIVE
    names = list(run.columns)
    for number, row in enumerate(np.column_stack(list(run.columns.values())).tolist(), 1):
        online.add(dict(zip(names, row, strict=True)))
        if number % 30 == 0:
            verdict = online.judgement().verdict
    return verdict


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("rate", "expected"), [(1500, Verdict.LEAK), (0, Verdict.NO_LEAK)])
def test_seventeen_minutes_end_as_they_stood(rate: float, expected: Verdict, seed: int) -> None:
    run = watched(17, rate, seed)
    assert last_look(run) is expected
    assert judge(run).verdict is expected
