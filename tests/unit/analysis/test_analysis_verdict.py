import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from costly_properties import percent_of_examples
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exporter.analysis.judgement import Settings
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

KIB = 1024
MIB = 1024 * KIB
PAYMENTS_PER_MINUTE = 12.0
Floats = NDArray[np.float64]


def run_with(
    kib_per_min: float = 0.0,
    *,
    minutes: float = 60,
    every: float = 10,
    noise_kib: float = 64,
    warmup_mib: float = 0.0,
    warmup_minutes: float = 3.0,
    heap: bool = True,
    seed: int = 7,
    **columns: Floats,
) -> Run:
    """A run whose resident memory and heap grow steadily, with noise and a warm-up."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, minutes * 60 + 1, every) / 60
    grown = kib_per_min * KIB * t + warmup_mib * MIB * (1 - np.exp(-t / warmup_minutes))
    series: dict[str, Any] = {
        "elapsed_sec": t * 60,
        "rss_bytes": 80 * MIB + grown + noise_kib * KIB * rng.standard_normal(len(t)),
        "payments": np.floor(t * PAYMENTS_PER_MINUTE),
        "payment_failures": np.zeros(len(t)),
    }
    if heap:
        native = 20 * MIB + grown + noise_kib * KIB * rng.standard_normal(len(t))
        series |= {"heap_allocated_bytes": native, "heap_native_bytes": native}
    return Run.of("run", **(series | columns))


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (100, Verdict.LEAK)])
@pytest.mark.parametrize("heap", [True, False])
def test_tells_the_twins_apart(rate: float, expected: Verdict, heap: bool) -> None:
    found = judge(run_with(rate, heap=heap))
    assert found.verdict is expected
    assert found.growth_kib_per_min is not None
    assert found.growth_kib_per_min.low <= rate + 5
    assert found.growth_kib_per_min.high >= rate - 5


@pytest.mark.parametrize("warmup_minutes", [8.0, 14.0])
def test_tells_a_slow_leak_beside_a_large_warmup_from_the_warmup_alone(warmup_minutes: float) -> None:
    leaking, clean = (
        judge(run_with(rate, warmup_mib=50, warmup_minutes=warmup_minutes, noise_kib=32)) for rate in (100, 0)
    )
    assert leaking.verdict is Verdict.LEAK
    assert re.search(r", of which some (9|10)\d KiB are likely to last", leaking.reason)
    assert clean.verdict is Verdict.NO_LEAK


def test_a_leak_is_told_by_minute_and_by_payment() -> None:
    found = judge(run_with(120))
    assert found.growth_kib_per_min is not None
    assert found.growth_kib_per_min.value == pytest.approx(120, rel=0.1)
    assert found.growth_bytes_per_payment is not None
    assert found.growth_bytes_per_payment.value == pytest.approx(120 * KIB / PAYMENTS_PER_MINUTE, rel=0.1)
    assert found.missed_kib_per_min is None
    assert found.would_decide == ""


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (100, Verdict.LEAK)])
def test_warmup_is_found_and_is_no_leak(rate: float, expected: Verdict) -> None:
    found = judge(run_with(rate, warmup_mib=30))
    assert found.verdict is expected
    assert found.warmup_sec is not None
    assert 3 * 60 < found.warmup_sec < 20 * 60


def test_a_short_run_without_samples_at_rest_is_inconclusive_and_says_what_would_decide() -> None:
    run = run_with(1000, minutes=10, heap=False)
    found = judge(Run.of(run.name, **run.columns, instances=np.full(len(run), 2.0)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "another 10 min" in found.would_decide
    assert "settled sample" in found.would_decide


@pytest.mark.parametrize("samples", [0, 1, 2, 3, 23])
def test_too_few_samples_are_inconclusive(samples: int) -> None:
    run = run_with(1000)
    few = Run.of("few", **{name: values[:samples] for name, values in run.columns.items()})
    found = judge(few)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.growth_kib_per_min is None
    assert "too few" in found.reason or "there is no sample" in found.reason


def test_resident_memory_that_grows_over_a_flat_whole_heap_is_retention() -> None:
    leaking, clean = run_with(300), run_with(0)
    run = Run.of("retention", **(dict(clean.columns) | {"rss_bytes": leaking.columns["rss_bytes"]}))
    found = judge(run)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert any("allocator retention" in flag for flag in found.flags)


def drained(run: Run, held_mib: float) -> Run:
    """The run with a trimmed sample on either side, the latter with so much more held, after a sample at rest."""
    columns = dict(run.columns) | {name: np.zeros(len(run)) for name in ("settled", "trimmed")}

    def reading(row: int, **values: float) -> dict[str, float]:
        return {name: float(column[row]) for name, column in columns.items()} | {"settled": 1.0} | values

    before = reading(0, trimmed=1, rss_bytes=75 * MIB)
    rest, after = reading(-1), reading(-1, trimmed=1, rss_bytes=(75 + held_mib) * MIB)
    joined = {name: np.array([before[name], *column, rest[name], after[name]]) for name, column in columns.items()}
    phases = np.array([0] + [1] * len(run) + [2, 2], dtype=np.int16)
    return Run(run.name, joined, phases, ("funding", "running", "stopping"))


def retaining(*, native: bool = True) -> Run:
    """A run whose resident memory grows by 18 MiB while its heap does not."""
    columns = dict(run_with(0).columns) | {"rss_bytes": run_with(300).columns["rss_bytes"]}
    if not native:
        del columns["heap_native_bytes"]
    return Run.of("retaining", **columns)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(("held_mib", "acquitted"), [(1.0, True), (17.0, False)])
def test_growth_that_trimming_returns_is_no_leak_and_growth_that_it_does_not_stays_one(
    native: bool, held_mib: float, acquitted: bool
) -> None:
    found = judge(drained(retaining(native=native), held_mib))
    undrained = judge(retaining(native=native))
    assert found.verdict is (Verdict.NO_LEAK if acquitted else undrained.verdict)
    assert any("trimming returned it" in flag for flag in found.flags) is acquitted
    assert found.drain is not None
    assert found.drain.held_bytes == held_mib * MIB
    if acquitted:
        assert found.missed_kib_per_min == pytest.approx(held_mib * KIB / 60, rel=0.01)


@pytest.mark.parametrize(("held_mib", "expected"), [(2.0, Verdict.NO_LEAK), (30.0, Verdict.INCONCLUSIVE)])
def test_noisy_resident_memory_over_a_flat_whole_heap_is_acquitted_by_what_trimming_leaves(
    held_mib: float, expected: Verdict
) -> None:
    columns = dict(run_with(0).columns) | {"rss_bytes": run_with(0, noise_kib=20 * KIB).columns["rss_bytes"]}
    run = Run.of("noisy", **columns)
    assert judge(run).verdict is Verdict.INCONCLUSIVE
    found = judge(drained(run, held_mib))
    assert found.verdict is expected
    assert any("what it held after trimming" in flag for flag in found.flags)
    assert found.missed_kib_per_min == pytest.approx(held_mib * KIB / 60, rel=0.01)


@pytest.mark.parametrize("held_mib", [0.0, 18.0])
def test_a_leak_of_the_heap_stays_one_whatever_trimming_returns(held_mib: float) -> None:
    assert judge(drained(run_with(300), held_mib)).verdict is Verdict.LEAK


@pytest.mark.parametrize("rate", [0, 100])
def test_trimmed_samples_change_no_other_evidence(rate: float) -> None:
    plain, found = judge(run_with(rate)), judge(drained(run_with(rate), 1.0))
    assert (found.verdict, found.reason, found.growth_kib_per_min) == (
        plain.verdict,
        plain.reason,
        plain.growth_kib_per_min,
    )
    assert plain.drain is None
    assert found.drain is not None


def test_a_trimmed_sample_of_the_next_run_in_the_file_is_not_taken_for_this_one() -> None:
    run = drained(run_with(0), 1.0)
    killed = {name: np.concatenate((values[:-2], values[:1])) for name, values in run.columns.items()}
    phases = np.concatenate((run.phases[:-2], run.phases[:1]))
    assert judge(Run("killed", killed, phases, run.phase_names)).drain is None


def test_resident_memory_that_grows_over_a_flat_managed_heap_is_a_leak() -> None:
    leaking, clean = run_with(300), run_with(0)
    columns = dict(clean.columns) | {"rss_bytes": leaking.columns["rss_bytes"]}
    del columns["heap_native_bytes"]
    found = judge(Run.of("go", **columns))
    assert (found.verdict, found.series) == (Verdict.LEAK, "rss_bytes")


@pytest.mark.parametrize(("per_minute", "expected"), [(0.0, Verdict.NO_LEAK), (1.0, Verdict.LEAK)])
@pytest.mark.parametrize("name", ["open_fds", "threads", "goroutines", "sockets_close_wait"])
@pytest.mark.parametrize("minutes", [60, 25])
def test_what_is_counted_leaks_too(name: str, minutes: float, per_minute: float, expected: Verdict) -> None:
    run = run_with(minutes=minutes)
    columns = dict(run.columns) | {name: np.floor(20 + per_minute * run.columns["elapsed_sec"] / 60)}
    found = judge(Run.of("counts", **columns))
    assert found.verdict is expected
    if expected is Verdict.LEAK:
        assert found.series == name


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        (lambda t: 4 * t, Verdict.LEAK),
        (lambda t: 30 * (1 - np.exp(-t / 3)), Verdict.NO_LEAK),
        (lambda t: 25 * (t % 4), Verdict.NO_LEAK),
    ],
    ids=["a leak", "a pool", "a lazy collector"],
)
def test_eight_minutes_tell_a_leak_of_sockets_from_a_pool(
    counted: Callable[[Floats], Floats], expected: Verdict
) -> None:
    run = run_with(minutes=8.5, every=2)
    sockets = np.floor(20 + counted(run.columns["elapsed_sec"] / 60))
    assert judge(Run.of("sockets", **(dict(run.columns) | {"open_fds": sockets}))).verdict is expected


@pytest.mark.parametrize("seconds_apart", [1.9, 2.0, 2.1])
def test_the_growth_of_a_count_is_known_to_one_more_at_either_end(seconds_apart: float) -> None:
    seconds = np.arange(0, 600.0, 2.0)
    threads = 5 + np.floor(seconds / seconds_apart)
    run = Run.of("threads", elapsed_sec=seconds, rss_bytes=np.full(len(seconds), 5e7), threads=threads)
    growth = next(part.growth_per_min for part in judge(run).parts if part.series == "threads")
    assert growth is not None
    assert growth.low <= 60 / seconds_apart <= growth.high
    assert growth.high - growth.low >= 2 / 6


def test_sockets_that_only_the_other_side_has_closed_are_named_before_descriptors() -> None:
    run = run_with()
    left = np.floor(run.columns["elapsed_sec"] / 60)
    found = judge(Run.of("left", **(dict(run.columns) | {"open_fds": 20 + left, "sockets_close_wait": left})))
    assert (found.verdict, found.series) == (Verdict.LEAK, "sockets_close_wait")


def test_a_run_without_a_payment_acquits_nobody() -> None:
    found = judge(run_with(payments=np.zeros(361)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no payment succeeded" in found.reason
    assert found.would_decide == "a run in which payments succeed throughout"


def test_payments_that_stall_are_noticed() -> None:
    payments = np.minimum(run_with().columns["payments"], 300)
    found = judge(run_with(payments=payments))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert any("payments stalled" in flag for flag in found.flags)


def test_growth_only_while_payments_fail_is_noticed() -> None:
    t = run_with().columns["elapsed_sec"] / 60
    failing = (t % 10) < 5
    step = np.gradient(t) * failing
    failures, grown = np.floor(np.cumsum(failing * 1.0)), np.cumsum(step) * 600 * KIB
    base = run_with(noise_kib=4)
    columns = {name: base.columns[name] + grown for name in ("rss_bytes", "heap_allocated_bytes", "heap_native_bytes")}
    found = judge(run_with(**columns, payment_failures=failures))
    assert found.verdict is Verdict.LEAK
    assert "growth only while payments fail" in found.flags


def test_the_side_that_grows_is_named() -> None:
    leaking = run_with(200)
    flat, growing = 10 * MIB + np.zeros(len(leaking)), leaking.columns["heap_native_bytes"]
    found = judge(run_with(200, heap_python_bytes=flat))
    assert any(flag.startswith("growth on the native side only") for flag in found.flags)
    found = judge(run_with(200, heap_go_bytes=growing, heap_native_bytes=flat))
    assert any(flag.startswith("growth on the Go side only") for flag in found.flags)
    found = judge(run_with(200, heap_node_bytes=growing, heap_wasm_bytes=flat, heap_native_bytes=flat))
    assert any(flag.startswith("growth on the JavaScript side only") for flag in found.flags)


def test_the_memory_limit_is_projected() -> None:
    found = judge(run_with(1024, noise_kib=1), Settings(memory_limit_bytes=200 * MIB))
    assert found.memory_limit_in_sec == pytest.approx(60 * 60, rel=0.1)
    assert any("200 MiB is reached in 0 h 5" in flag or "200 MiB is reached in 1 h 0" in flag for flag in found.flags)


def test_a_restart_splits_the_run_and_is_said() -> None:
    first, second = run_with(300, minutes=10), run_with(0, minutes=60)
    columns = {name: np.concatenate((first.columns[name], second.columns[name])) for name in second.columns}
    columns["elapsed_sec"] = np.concatenate(
        (first.columns["elapsed_sec"], second.columns["elapsed_sec"] + first.columns["elapsed_sec"][-1] + 10)
    )
    found = judge(Run.of("restarted", **columns))
    assert found.verdict is Verdict.NO_LEAK
    assert any("the subject restarted after minute 10.0" in flag for flag in found.flags)


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (100, Verdict.LEAK)])
def test_a_restart_that_was_counted_splits_the_run_though_no_counter_falls(rate: float, expected: Verdict) -> None:
    run = run_with(rate, minutes=60)
    late = run.columns["elapsed_sec"] > 600
    resident = run.columns["rss_bytes"] + late * 20 * MIB
    columns = {"elapsed_sec": run.columns["elapsed_sec"], "rss_bytes": resident}
    found = judge(Run.of("restarted", **columns, restarts=late.astype(np.float64)))
    assert found.verdict is expected
    assert any("the subject restarted after minute 10.0" in flag for flag in found.flags)
    assert not any("restarted" in flag for flag in judge(Run.of("whole", **columns)).flags)


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (100, Verdict.LEAK)])
@pytest.mark.parametrize("jump", [-3600.0, 1e6])
def test_a_jump_of_the_clock_is_taken_out_and_said(rate: float, expected: Verdict, jump: float) -> None:
    run = run_with(rate)
    elapsed = run.columns["elapsed_sec"].copy()
    elapsed[200:] += jump
    found = judge(Run.of("jump", **(dict(run.columns) | {"elapsed_sec": elapsed})))
    assert found.verdict is expected
    assert any("the clock jumped" in flag for flag in found.flags)


@pytest.mark.parametrize("known", [True, False], ids=["payments counted", "payments unknown"])
def test_a_long_gap_in_which_payments_kept_pace_is_no_jump_of_the_clock(known: bool) -> None:
    run = run_with(100)
    kept = np.ones(len(run), dtype=bool)
    kept[120:240] = False
    columns = {name: values[kept] for name, values in run.columns.items() if known or name != "payments"}
    found = judge(Run.of("gap", **columns))
    assert any("no sample was taken" in flag for flag in found.flags) is known
    assert any("the clock jumped" in flag for flag in found.flags) is not known
    if known:
        assert found.verdict is Verdict.LEAK
        assert found.growth_kib_per_min is not None
        assert found.growth_kib_per_min.low <= 100 <= found.growth_kib_per_min.high


def test_growth_that_has_ended_is_told_from_the_bound_of_what_goes_on() -> None:
    run = run_with(0)
    filled = 20 * MIB * np.minimum(run.columns["elapsed_sec"] / 1800, 1)
    columns = {"elapsed_sec": run.columns["elapsed_sec"], "payments": run.columns["payments"]}
    found = judge(Run.of("cache", **columns, rss_bytes=run.columns["rss_bytes"] + filled))
    assert found.verdict is Verdict.NO_LEAK
    assert found.growth_kib_per_min is not None
    assert found.missed_kib_per_min is not None
    assert found.growth_kib_per_min.low > found.missed_kib_per_min
    assert any("what goes on at its end is within the bound" in flag for flag in found.flags)
    assert not any("within the bound" in flag for flag in judge(run).flags)


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (100, Verdict.LEAK)])
def test_gaps_and_empty_cells_change_nothing(rate: float, expected: Verdict) -> None:
    run = run_with(rate)
    kept = np.ones(len(run), dtype=bool)
    kept[100:130] = False
    columns = {name: values[kept] for name, values in run.columns.items()}
    columns["rss_bytes"] = np.where(np.arange(kept.sum()) % 7 == 0, np.nan, columns["rss_bytes"])
    found = judge(Run.of("gap", **columns))
    assert found.verdict is expected
    assert any("no sample was taken" in flag for flag in found.flags)


rates = st.sampled_from([0.0, 20.0, 60.0, 150.0, 400.0])
seeds = st.integers(0, 10_000)


@settings(max_examples=percent_of_examples(25))
@given(rate=rates, seed=seeds, constant=st.integers(-30 * MIB // 4096, 2**40 // 4096))
def test_adding_a_constant_changes_no_verdict(rate: float, seed: int, constant: int) -> None:
    run = run_with(rate, seed=seed)
    columns = dict(run.columns)
    for name in ("rss_bytes", "heap_allocated_bytes", "heap_native_bytes"):
        columns[name] = columns[name] + constant * 4096
    assert judge(Run.of("shifted", **columns)).verdict is judge(run).verdict


@settings(max_examples=percent_of_examples(25))
@given(rate=rates, seed=seeds, offset=st.floats(0, 1e6))
def test_the_origin_of_time_changes_no_verdict(rate: float, seed: int, offset: float) -> None:
    run = run_with(rate, seed=seed)
    columns = dict(run.columns) | {"elapsed_sec": run.columns["elapsed_sec"] + offset}
    assert judge(Run.of("later", **columns)).verdict is judge(run).verdict


@settings(max_examples=percent_of_examples(25))
@given(rate=rates, seed=seeds, scale=st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_the_unit_of_memory_changes_no_verdict_when_thresholds_follow(rate: float, seed: int, scale: float) -> None:
    run = run_with(rate, seed=seed, heap=False, minutes=40)
    columns = dict(run.columns) | {"rss_bytes": run.columns["rss_bytes"] * scale}
    scaled = judge(Run.of("scaled", **columns), Settings(5.0 * scale, 50.0 * scale))
    before = judge(run, Settings(5.0, 50.0))
    assert {scaled.verdict, before.verdict} != {Verdict.LEAK, Verdict.NO_LEAK}
    assert scaled.growth_kib_per_min is not None
    assert before.growth_kib_per_min is not None
    assert scaled.growth_kib_per_min.value == pytest.approx(before.growth_kib_per_min.value * scale, rel=1e-6, abs=1e-6)


@settings(max_examples=percent_of_examples(40))
@given(seed=seeds, rate=rates, more=st.floats(1.0, 2000.0), warmup=st.sampled_from([0.0, 10.0, 40.0]))
def test_more_growth_never_turns_a_leak_into_no_leak(seed: int, rate: float, more: float, warmup: float) -> None:
    before = judge(run_with(rate, seed=seed, warmup_mib=warmup)).verdict
    after = judge(run_with(rate + more, seed=seed, warmup_mib=warmup)).verdict
    assert not (before is Verdict.LEAK and after is Verdict.NO_LEAK)


@settings(max_examples=percent_of_examples(15))
@given(seed=seeds, rate=st.sampled_from([0.0, 150.0, 400.0]))
def test_more_of_the_same_changes_no_verdict(seed: int, rate: float) -> None:
    short, long = (judge(run_with(rate, seed=seed, minutes=minutes)).verdict for minutes in (60, 90))
    assert short is long


@settings(max_examples=percent_of_examples(40))
@given(
    st.lists(
        st.tuples(*[st.one_of(st.floats(0, 1e9), st.just(float("nan"))) for _ in range(4)]), min_size=0, max_size=80
    )
)
def test_whatever_a_run_holds_it_is_judged(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows, dtype=float).reshape(-1, 4)
    names = ("elapsed_sec", "rss_bytes", "heap_allocated_bytes", "payments")
    found = judge(Run.of("random", **{name: table[:, index] for index, name in enumerate(names)}))
    assert found.verdict in Verdict
    assert found.reason
