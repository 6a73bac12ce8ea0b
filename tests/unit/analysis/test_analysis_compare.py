from dataclasses import replace

import numpy as np
import pytest

from exporter.analysis.compare import Comparison, Difference, compare
from exporter.analysis.csv_cells import Floats
from exporter.analysis.series import Run
from exporter.record.column import Series
from exporter.record.columns import HEAP, of_series
from exporter.report.side_by_side import comparison_text

KIB = 1024
MOMENTS = np.arange(0, 8.01, 1 / 6)


def run_with(kib_per_min: float, level_kib: float = 50_000, seed: int = 1) -> Run:
    rng = np.random.default_rng(seed)
    t = np.arange(0, 1801, 5) / 60
    rss = level_kib * KIB + kib_per_min * KIB * t + 40 * KIB * rng.standard_normal(len(t))
    return Run.of(f"{kib_per_min}", elapsed_sec=t * 60, rss_bytes=rss, payments=np.floor(t * 60))


def measured(comparison: Comparison, measure: str) -> Difference:
    return next(difference for difference in comparison.differences if difference.measure == measure)


@pytest.mark.parametrize(("rate", "worse"), [(0.0, False), (60.0, True)])
def test_tells_the_twins_apart(rate: float, worse: bool) -> None:
    found = compare(run_with(0), run_with(rate, seed=2))
    assert found.worse is worse
    by_minute = measured(found, "growth per minute")
    assert by_minute.difference.low <= rate <= by_minute.difference.high
    assert (by_minute.probability_worse > 0.99) is worse
    by_payment = measured(found, "growth per payment")
    assert by_payment.difference.value == pytest.approx(rate * KIB / 60, abs=100)


def test_growth_is_compared_per_whatever_both_loads_did() -> None:
    calm, busy = run_with(0), run_with(60, seed=2)
    lifecycles = np.floor(calm.columns["elapsed_sec"] / 10)
    first, second = (replace(run, columns={**run.columns, "wallet_lifecycles": lifecycles}) for run in (calm, busy))
    per_wallet = measured(compare(first, second), "growth per wallet lifecycle")
    assert per_wallet.difference.value == pytest.approx(60 * KIB / 6, abs=1000)
    assert per_wallet.worse
    assert not [each for each in compare(first, busy).differences if "wallet" in each.measure]


def at_rest(added_kib: Floats, name: str) -> Run:
    """Eight minutes with a sample at rest every 10 s, and so much added to the heap by then."""
    noise = 4 * KIB * np.random.default_rng(5).standard_normal(len(MOMENTS))
    heap = 20_000 * KIB + added_kib * KIB + noise
    ones = np.ones(len(MOMENTS))
    return Run.of(name, elapsed_sec=MOMENTS * 60, heap_allocated_bytes=heap, payments=MOMENTS * 60, settled=ones)


@pytest.mark.parametrize(
    ("added", "worse"), [(800 * (1 - np.exp(-MOMENTS / 3)), False), (60 * MOMENTS, True)], ids=["warm-up", "leak"]
)
def test_a_warm_up_that_takes_longer_is_not_worse(added: Floats, worse: bool) -> None:
    found = compare(at_rest(0 * MOMENTS, "a"), at_rest(added, "b"))
    growth = measured(found, "growth at rest per minute")
    assert growth.difference.low > growth.tolerance
    assert growth.worse is worse
    assert ("may be warm-up" in comparison_text(found)) is not worse


def test_growth_within_the_tolerance_is_not_worse() -> None:
    assert not compare(run_with(0), run_with(60, seed=2), tolerance_kib_per_min=100).worse


def test_a_higher_level_is_worse() -> None:
    found = compare(run_with(0), run_with(0, level_kib=60_000, seed=2))
    assert measured(found, "level after warm-up").worse
    assert measured(found, "peak").worse
    assert not measured(found, "growth per minute").worse


def test_better_is_not_worse() -> None:
    assert not compare(run_with(100), run_with(0, seed=2)).worse


def test_a_series_that_only_one_run_has_is_named() -> None:
    b = run_with(0)
    both = Run.of("b", **(dict(b.columns) | {"heap_allocated_bytes": b.columns["rss_bytes"]}))
    assert compare(run_with(0), both).missing == ("the heap: only one of the runs has it",)


def test_runs_that_are_too_short_have_no_growth() -> None:
    short = Run.of("short", elapsed_sec=np.arange(5.0), rss_bytes=np.full(5, 1e6))
    found = compare(short, short)
    assert found.missing == (
        "resident memory: a run is too short for growth",
        "resident memory: a run has too few samples under load for a level",
    )
    assert not found.worse


def test_a_run_without_samples_or_with_one_is_compared_in_nothing() -> None:
    columns = run_with(0).columns
    for count, told in ((0, "resident memory: only one of the runs has it"), (1, "too few samples under load")):
        begun = Run.of("begun", **{name: values[:count] for name, values in columns.items()})
        found = compare(begun, run_with(60))
        assert not found.differences
        assert any(told in reason for reason in found.missing)
        assert ("begun has no sample under load" in found.missing) is not count


def watched(leaked_kib: float) -> Run:
    """Ten minutes of a watch whose heap is read near rest from the second minute on, and so much leaked in all."""
    t = np.arange(0, 601, 5) / 60
    heap = 5_000 * KIB + leaked_kib * KIB * t / t[-1] + KIB * np.random.default_rng(7).standard_normal(len(t))
    columns = {"heap_allocated_bytes": heap, "heap_native_bytes": heap, "rss_bytes": heap + 20_000 * KIB}
    none = np.zeros(len(t))
    return Run.of("w", elapsed_sec=t * 60, payments=t * 60, instances=none, settled=(t > 1).astype(float), **columns)


@pytest.mark.parametrize(("leaked_kib", "worse"), [(0, False), (50_000, True)])
def test_level_and_peak_of_a_watch_are_those_of_all_its_samples(leaked_kib: float, worse: bool) -> None:
    found = compare(watched(0), watched(leaked_kib))
    for series, level in (("rss_bytes", 25_000), ("heap_allocated_bytes", 5_000)):
        of_series = {each.measure: each for each in found.differences if each.series == series}
        assert of_series["peak"].b.value == pytest.approx(level + leaked_kib, abs=10)
        assert of_series["level after warm-up"].b.value == pytest.approx(level + 0.7 * leaked_kib, rel=0.02)
        assert of_series["peak"].worse is of_series["level after warm-up"].worse is worse
        # As in the verdict: heaps are read near rest, all else of a watch under load.
        assert ("growth at rest per minute" in of_series) is (series != "rss_bytes")


def go_subject(go_kib: float, native_kib: float | None) -> Run:
    """Half an hour of our Go driver, or of the Go harness, which reports Go's heap and no other."""
    t = np.arange(0, 1801, 5) / 60
    go = go_kib * KIB + 20 * KIB * np.random.default_rng(3).standard_normal(len(t))
    columns = {"elapsed_sec": t * 60, "rss_bytes": 60_000.0 * KIB + go, "payments": np.floor(t * 60)}
    if native_kib is None:
        return Run.of("harness", **columns, heap_allocated_bytes=go, heap_inuse_bytes=1.2 * go)
    heaps = {"heap_go_bytes": go, "heap_native_bytes": np.full(len(t), native_kib * KIB)}
    return Run.of("ours", **columns, heap_allocated_bytes=go + native_kib * KIB, **heaps)


@pytest.mark.parametrize(("go_kib", "worse"), [(1800, False), (2400, True)])
def test_a_go_heap_is_set_beside_a_go_heap_and_not_beside_a_sum(go_kib: float, worse: bool) -> None:
    found = compare(go_subject(1800, None), go_subject(go_kib, 2700))
    heaps = {each.series for each in found.differences if each.series != "rss_bytes"}
    assert heaps == {"heap_go_bytes"}
    levels = [each for each in found.differences if each.series == "heap_go_bytes" and each.measure.startswith("level")]
    assert [each.worse for each in levels] == [worse]
    assert any("sums up other heaps" in reason for reason in found.missing)


def test_two_whole_heaps_are_compared_though_they_are_made_of_others() -> None:
    ours = go_subject(1800, 2700)
    python = Run.of(
        "python",
        **{name.replace("_go_", "_python_"): values for name, values in ours.columns.items()},
    )
    found = compare(ours, python)
    assert "heap_allocated_bytes" in {each.series for each in found.differences}


def test_every_heap_is_compared() -> None:
    clean, leaking = at_rest(0 * MOMENTS, "a"), at_rest(500 * MOMENTS, "b")
    heaps = of_series(Series.PART)
    both = [Run.of(run.name, **run.columns, **dict.fromkeys(heaps, run.columns[HEAP.name])) for run in (clean, leaking)]
    assert {found.series for found in compare(both[0], both[1]).differences if found.worse} >= set(heaps)


@pytest.mark.parametrize("grown_kib", [0.0, 3000.0])
def test_memory_that_is_constant_is_known_to_a_page(grown_kib: float) -> None:
    t = np.arange(0, 1801, 5) / 60
    a, b = (
        Run.of(name, elapsed_sec=t * 60, rss_bytes=50_000.0 * KIB + added * KIB * t / 30, payments=np.floor(t * 60))
        for name, added in (("a", 0.0), ("b", grown_kib))
    )
    found = compare(a, b)
    for each in found.differences:
        reach = each.difference.high - each.difference.value
        assert reach > 0
        assert each.difference.low < each.difference.high
    assert measured(found, "peak").difference.high - measured(found, "peak").difference.value >= 4
    assert found.worse is bool(grown_kib)
