"""Anonymous memory is judged where it is told apart, and not the pages of files."""

import numpy as np
import pytest

from exporter.analysis.judgement import ANONYMOUS, RESIDENT, SHARED
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

MIB = 1 << 20


def watched(
    minutes: float, kib_per_min: float = 0.0, *, told_apart: bool, shared_kib_per_min: float | None = None
) -> Run:
    """A watch whose file pages the kernel takes back, 5 MiB at once, and gives anew."""
    rng = np.random.default_rng(4)
    seconds = np.arange(0.2, minutes * 60, 2)
    pages = 12 * MIB - 5 * MIB * (np.sin(seconds / 130) > 0.6) + np.round(rng.uniform(0, 40, len(seconds))) * 4096
    anonymous = 60 * MIB + kib_per_min * 1024 * seconds / 60 + 30_000 * rng.standard_normal(len(seconds))
    shared = 4 * MIB + (shared_kib_per_min or 0.0) * 1024 * seconds / 60
    columns = {"elapsed_sec": seconds, RESIDENT: anonymous + shared + pages}
    if told_apart:
        columns |= {ANONYMOUS: anonymous, "rss_file_bytes": pages, SHARED: shared}
    return Run.of("watched", **columns)


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (400, Verdict.LEAK)])
def test_file_pages_turn_no_verdict(rate: float, expected: Verdict) -> None:
    found = judge(watched(22, rate, told_apart=True))
    assert found.verdict is expected
    assert found.series == ANONYMOUS
    assert found.growth_kib_per_min is not None
    assert found.growth_kib_per_min.low <= rate <= found.growth_kib_per_min.high
    assert any("the pages of files moved by 5." in flag for flag in found.flags)


def test_a_record_that_does_not_tell_them_apart_is_judged_by_resident_memory() -> None:
    found = judge(watched(22, 400, told_apart=False))
    assert {part.series for part in found.parts} == {RESIDENT}


@pytest.mark.parametrize(("rate", "expected"), [(None, Verdict.NO_LEAK), (400, Verdict.LEAK)])
def test_shared_memory_leaks_too(rate: float | None, expected: Verdict) -> None:
    found = judge(watched(22, told_apart=True, shared_kib_per_min=rate))
    assert found.verdict is expected
    assert found.series == (ANONYMOUS if rate is None else SHARED)


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (4000, Verdict.LEAK)])
def test_ten_minutes_show_fast_growth_of_anonymous_memory(rate: float, expected: Verdict) -> None:
    assert judge(watched(10, rate, told_apart=True)).verdict is expected
    assert judge(watched(10, rate, told_apart=False)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (600, Verdict.LEAK)])
def test_fourteen_minutes_show_growth_in_a_straight_line(rate: float, expected: Verdict) -> None:
    assert judge(watched(14, rate, told_apart=True)).verdict is expected
    assert judge(watched(14, rate, told_apart=False)).verdict is not Verdict.LEAK


@pytest.mark.parametrize(("swing_mib", "expected"), [(0, Verdict.NO_LEAK), (40, Verdict.INCONCLUSIVE)])
def test_what_is_collected_now_and_then_does_not_acquit_itself_by_its_noise(swing_mib: int, expected: Verdict) -> None:
    run = watched(15, told_apart=True)
    seconds = run.columns["elapsed_sec"]
    # Grows to a level, then is collected once, a minute before the end.
    held = swing_mib * MIB * np.minimum(seconds / 400, 1.0) * np.where(seconds > 840, 0.6, 1.0)
    found = judge(Run.of("collected", **(dict(run.columns) | {ANONYMOUS: run.columns[ANONYMOUS] + held})))
    assert found.verdict is expected


@pytest.mark.parametrize(("every_seconds", "expected"), [(2, Verdict.INCONCLUSIVE), (600, Verdict.NO_LEAK)])
def test_memory_acquits_no_descriptors_that_grow(every_seconds: int, expected: Verdict) -> None:
    run = watched(7, told_apart=True)
    descriptors = 20 + np.floor(run.columns["elapsed_sec"] / every_seconds)
    found = judge(Run.of("descriptors", **(dict(run.columns) | {"open_fds": descriptors})))
    assert found.verdict is expected


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (200, Verdict.LEAK)])
def test_eight_minutes_show_growth_of_a_heap(rate: float, expected: Verdict) -> None:
    run = watched(8, told_apart=True)
    seconds = run.columns["elapsed_sec"]
    heap = 20 * MIB + rate * 1024 * seconds / 60 + 10_000 * np.random.default_rng(1).standard_normal(len(seconds))
    assert judge(Run.of("heap", **(dict(run.columns) | {"heap_allocated_bytes": heap}))).verdict is expected


def test_where_a_descriptor_leaks_growth_is_told_of_anonymous_memory() -> None:
    run = watched(22, told_apart=True)
    descriptors = 20 + np.floor(run.columns["elapsed_sec"] / 20)
    found = judge(Run.of("descriptors", **(dict(run.columns) | {"open_fds": descriptors})))
    assert (found.verdict, found.series, found.growth_series) == (Verdict.LEAK, "open_fds", ANONYMOUS)
