"""What would decide is possible for whoever made the record."""

import re

import numpy as np
import pytest

from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

MIB = 1 << 20


def undecided(instances: float | None, *, heap: bool = False, minutes: float = 6) -> Run:
    seconds = np.arange(0, minutes * 60, 2.0)
    grown = 300 * 1024 * seconds / 60
    columns = {"elapsed_sec": seconds, "rss_bytes": 60 * MIB + grown, "payments": seconds // 2}
    if heap:
        columns["heap_allocated_bytes"] = 20 * MIB + grown
    if instances is not None:
        columns["instances"] = np.full(len(seconds), instances)
    return Run.of("undecided", **columns)


@pytest.mark.parametrize("heap", [True, False])
@pytest.mark.parametrize("instances", [0, np.nan])
def test_a_watch_is_told_what_a_watch_can_do(instances: float, heap: bool) -> None:
    found = judge(undecided(instances, heap=heap))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "another 14 min (174 min decide nine of ten such runs)" in found.would_decide
    assert "settle" not in found.would_decide
    assert ("--agent" in found.would_decide) is not heap


def test_a_watch_that_counts_no_operations_is_told_to_and_can_acquit_all_the_same() -> None:
    seconds = np.arange(0, 12 * 60, 5.0)
    columns = {"elapsed_sec": seconds, "instances": np.zeros(len(seconds))}
    growing = judge(Run.of("watched", rss_bytes=60 * MIB + 300 * 1024 * seconds / 60, **columns))
    assert "--payments-from" in growing.would_decide
    assert judge(Run.of("watched", rss_bytes=np.full(len(seconds), 60.0 * MIB), **columns)).verdict is Verdict.NO_LEAK


@pytest.mark.parametrize(("instances", "ours"), [(2, True), (None, False)])
@pytest.mark.parametrize("heap", [True, False])
def test_only_a_run_of_ours_is_told_to_come_to_rest(instances: float | None, ours: bool, heap: bool) -> None:
    told = judge(undecided(instances, heap=heap)).would_decide
    assert ("--settle-every" in told) is ours
    assert ("exporter watch" in told) is (not ours and not heap)


@pytest.mark.parametrize("instances", [0, 2, None])
def test_a_heap_is_advised_with_the_length_that_it_takes(instances: float | None) -> None:
    assert "120 min with " in judge(undecided(instances)).would_decide
    assert "120 min with " not in judge(undecided(instances, heap=True)).would_decide


def test_growth_that_may_be_a_cache_says_which() -> None:
    found = judge(undecided(None, minutes=10))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert re.search(
        r"a cache filling: one that has taken 2,8\d\d KiB since about minute 0 and is not full$", found.reason
    )
