"""The answer of a comparison: twins, which of them is faster, and where."""

import numpy as np
import pytest
from report_runs import MIB, prepared, series

from exporter.report.comparison import compare_runs


def test_a_single_run_has_nothing_to_compare() -> None:
    assert compare_runs(prepared(series())) is None


@pytest.mark.parametrize("turned", [False, True])
def test_tells_the_leaking_twin_from_the_clean_one(turned: bool) -> None:
    runs = [series("leaking", kib_per_min=300), series("clean")]
    answer = compare_runs(prepared(*(reversed(runs) if turned else runs)))
    assert answer is not None
    assert answer.sentence.startswith("“leaking” grows 300")
    assert answer.sentence.endswith("KiB a minute faster than “clean” in resident memory.")
    assert answer.conclusion == "The difference is in the native heap."
    assert any(detail.startswith("Python heap: no difference above") for detail in answer.details)


def test_two_clean_twins_do_not_differ() -> None:
    answer = compare_runs(prepared(series("a"), series("b", seconds_shift=[0.0] * 361)))
    assert answer is not None
    assert "is not shown to grow faster" in answer.sentence
    assert answer.conclusion == ""


def test_growth_that_no_heap_explains_is_said_to_be_elsewhere() -> None:
    clean = series("clean")
    grown = clean.columns["rss_bytes"] + 300 * 1024 * clean.columns["elapsed_sec"] / 60
    answer = compare_runs(prepared(series("grown", rss_bytes=grown), clean))
    assert answer is not None
    assert answer.conclusion.startswith("The difference is outside of these heaps")


def test_a_heap_that_explains_a_part_is_named_with_its_share() -> None:
    clean = series("clean")
    grown = clean.columns["rss_bytes"] + 600 * 1024 * clean.columns["elapsed_sec"] / 60
    answer = compare_runs(prepared(series("grown", kib_per_min=300, rss_bytes=grown), clean))
    assert answer is not None
    assert answer.conclusion.startswith("50 % of the difference is in the native heap, the rest outside")


def test_of_several_runs_the_fastest_and_the_slowest_are_compared() -> None:
    answer = compare_runs(prepared(series("b", kib_per_min=100), series("c", kib_per_min=400), series("a")))
    assert answer is not None
    assert answer.sentence.startswith("“c” grows 400")
    assert "“a”" in answer.sentence
    assert "Of 3 runs, “c” grows fastest and “a” slowest." in answer.details


def test_a_run_too_short_is_left_out_and_said_to_be() -> None:
    answer = compare_runs(prepared(series("a"), series("b", kib_per_min=300), series("short", minutes=1)))
    assert answer is not None
    assert any(detail.startswith("1 of the runs could not be compared") for detail in answer.details)


def test_runs_that_share_nothing_cannot_be_compared() -> None:
    heap_only = series("heap", rss_bytes=np.full(361, np.nan))
    resident_only = series("resident", heap_allocated_bytes=np.full(361, np.nan))
    answer = compare_runs(prepared(heap_only, resident_only))
    assert answer is not None
    assert "cannot be compared" in answer.sentence


def test_without_resident_memory_the_heaps_are_compared() -> None:
    nothing = np.full(361, np.nan)
    answer = compare_runs(prepared(series("a", rss_bytes=nothing), series("b", kib_per_min=300, rss_bytes=nothing)))
    assert answer is not None
    assert answer.sentence.endswith("in heap in use.")


def test_levels_are_no_growth() -> None:
    high = series("high")
    answer = compare_runs(prepared(series("low"), series("high", rss_bytes=high.columns["rss_bytes"] + 90 * MIB)))
    assert answer is not None
    assert "is not shown to grow faster" in answer.sentence
