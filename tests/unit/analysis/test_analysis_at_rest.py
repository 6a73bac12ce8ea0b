from dataclasses import asdict, replace

import numpy as np
import pytest
from simulator_at_rest import at_rest as simulated

from exporter.analysis.csv_cells import Floats
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.column import Column
from exporter.record.columns import OPERATIONS
from exporter.record.terms import Verdict
from exporter.report.judgements import as_text, in_words

KIB = 1024
MIB = 1024 * KIB


def at_rest(python_bytes_per_payment: float = 0.0, native_bytes_per_reconnect: float = 0.0, minutes: float = 8) -> Run:
    """A short run with a sample at rest every 10 s, 300 payments a minute and a reconnect every 20 payments."""
    rng = np.random.default_rng(3)
    t = np.arange(0, minutes * 60 + 1)
    payments, reconnects = np.floor(t * 5.0), np.floor(t / 4.0)
    settled = (t % 10 == 0).astype(float)
    busy = (1 - settled) * rng.uniform(0, MIB, len(t))
    python = 15 * MIB + python_bytes_per_payment * payments + 2 * KIB * rng.standard_normal(len(t))
    native = 8 * MIB + native_bytes_per_reconnect * reconnects + 60 * KIB * rng.random(len(t)) + busy
    return Run.of(
        "short",
        elapsed_sec=t.astype(float),
        rss_bytes=54 * MIB + python + native,
        heap_allocated_bytes=python + native,
        heap_python_bytes=python,
        heap_native_bytes=native,
        payments=payments,
        reconnects=reconnects,
        abandoned_instances=2 * reconnects,
        settled=settled,
        instances=np.full(len(t), 2.0),
    )


def native_alone(native: Floats, payments_per_second: int, rest_seconds: int) -> Run:
    """A run with a native heap and no other, read every second and so often at rest."""
    seconds = np.arange(len(native), dtype=np.float64)
    return Run.of(
        "native",
        elapsed_sec=seconds,
        rss_bytes=54 * MIB + native,
        heap_allocated_bytes=native,
        heap_native_bytes=native,
        payments=payments_per_second * seconds,
        settled=(seconds % rest_seconds == 0).astype(float),
    )


@pytest.mark.parametrize(
    ("leak", "expected", "series"),
    [
        ({}, Verdict.NO_LEAK, "heap_allocated_bytes"),
        ({"python_bytes_per_payment": 256.0}, Verdict.LEAK, "heap_python_bytes"),
        ({"native_bytes_per_reconnect": 430.0 * KIB}, Verdict.LEAK, "heap_native_bytes"),
    ],
)
def test_samples_at_rest_decide_a_short_run(leak: dict[str, float], expected: Verdict, series: str) -> None:
    found = judge(at_rest(**leak))
    assert found.verdict is expected
    assert found.evidence == "settled"
    if expected is Verdict.LEAK:
        assert found.series == series


def test_a_run_with_too_few_samples_at_rest_says_how_many_would_decide() -> None:
    found = judge(at_rest(minutes=1))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "10 samples at rest over 2 min or more (so far 7 over 1.0 min)" in found.would_decide


def test_growth_that_may_be_warm_up_can_be_decided_by_phases() -> None:
    run = at_rest()
    warming = 1.5 * MIB * (1 - np.exp(-run.columns["elapsed_sec"] / 300))
    columns = {name: run.columns[name] + warming for name in ("heap_native_bytes", "heap_allocated_bytes", "rss_bytes")}
    found = judge(Run.of("warming", **(dict(run.columns) | columns)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "or a run with --protocol doubling" in found.would_decide


def test_growth_per_operation_at_rest() -> None:
    per_payment = judge(at_rest(python_bytes_per_payment=256)).growth_bytes_per_payment
    assert per_payment is not None
    assert per_payment.low < 256 < per_payment.high
    found = judge(at_rest(native_bytes_per_reconnect=430 * KIB))
    assert found.growth_bytes_per["reconnects"].value == pytest.approx(430 * KIB, rel=0.05)
    assert found.growth_bytes_per["abandoned_instances"].value == pytest.approx(215 * KIB, rel=0.05)


@pytest.mark.parametrize("column", OPERATIONS, ids=lambda column: column.name)
def test_growth_is_told_per_all_that_a_load_does_and_per_nothing_that_it_did_not(column: Column) -> None:
    run = at_rest(native_bytes_per_reconnect=430 * KIB)
    counters = {each.name: np.zeros(len(run)) for each in OPERATIONS}
    done = {"payments": run.columns["payments"], column.name: run.columns["reconnects"]}
    found = judge(replace(run, columns={**run.columns, **counters, **done}))
    assert set(found.growth_bytes_per) == {"payments", column.name}
    growth = found.growth_bytes_per[column.name]
    assert growth.value == pytest.approx(430 * KIB, rel=0.05)
    assert found.as_dict()[f"growth_bytes_per_{column.operation}"] == asdict(growth)
    assert f"{in_words(growth)} bytes per {column.each}" in as_text([("run", found)])


@pytest.mark.parametrize(("kib_per_min", "expected"), [(0, Verdict.NO_LEAK), (20, Verdict.LEAK)])
def test_growth_by_the_clock_is_found_though_payments_come_in_bursts(kib_per_min: float, expected: Verdict) -> None:
    run = at_rest()
    t = run.columns["elapsed_sec"] / 60
    python = run.columns["heap_python_bytes"] + kib_per_min * KIB * t
    columns = dict(run.columns) | {
        "payments": np.maximum.accumulate(np.floor(300 * (t + 0.65 * np.sin(np.pi / 2 * t)))),
        "heap_python_bytes": python,
        "heap_allocated_bytes": python + run.columns["heap_native_bytes"],
    }
    assert judge(Run.of("bursts", **columns)).verdict is expected


@pytest.mark.parametrize(
    ("kib_per_min", "expected"),
    [(0, {Verdict.NO_LEAK}), (35, {Verdict.LEAK, Verdict.INCONCLUSIVE})],
)
@pytest.mark.parametrize("seed", range(5))
def test_growth_that_shows_at_rest_is_never_acquitted(kib_per_min: float, expected: set[Verdict], seed: int) -> None:
    rng = np.random.default_rng(seed)
    seconds = np.arange(0, 601.0)
    native = 8 * MIB + kib_per_min * KIB * seconds / 60 + 60 * KIB * rng.random(len(seconds))
    assert judge(native_alone(native, payments_per_second=1, rest_seconds=30)).verdict in expected


@pytest.mark.parametrize(("kib_per_min", "expected"), [(0, Verdict.NO_LEAK), (35, Verdict.LEAK)])
def test_buffers_that_grow_by_the_piece_are_no_even_growth(kib_per_min: float, expected: Verdict) -> None:
    seconds = np.arange(0, 601.0)
    pieces = 32 * KIB * np.searchsorted([310, 330, 530], seconds)
    noise = 8 * KIB * np.random.default_rng(5).integers(0, 6, len(seconds))
    native = 8 * MIB + kib_per_min * KIB * seconds / 60 + pieces + noise
    assert judge(native_alone(native, payments_per_second=2, rest_seconds=15)).verdict is expected


@pytest.mark.parametrize(
    ("kind", "seed", "expected"),
    [
        ("clean, cache filling", 15, Verdict.INCONCLUSIVE),
        ("clean, cache filling", 40, Verdict.INCONCLUSIVE),
        ("clean, large warm-up", 32, Verdict.INCONCLUSIVE),
        ("1 KiB a payment", 15, Verdict.LEAK),
        ("256 bytes a payment", 40, Verdict.LEAK),
    ],
)
def test_a_leak_goes_on_as_it_began(kind: str, seed: int, expected: Verdict) -> None:
    """All of these grow steadily in the last six minutes; what is no leak does so more slowly than before."""
    assert judge(simulated(kind, 10, np.random.default_rng(seed)).run).verdict is expected


def test_the_growth_that_is_told_is_all_of_it() -> None:
    run = at_rest(python_bytes_per_payment=500.0)
    column = dict(run.columns)
    for name in ("heap_native_bytes", "heap_allocated_bytes"):
        column[name] = column[name] + 2000.0 * column["payments"]
    found = judge(Run.of("both", **column))
    assert found.verdict is Verdict.LEAK
    assert {part.series for part in found.parts if part.verdict is Verdict.LEAK} >= {
        "heap_python_bytes",
        "heap_native_bytes",
    }
    assert found.series == "heap_allocated_bytes"
    per_payment = found.growth_bytes_per_payment
    assert per_payment is not None
    assert per_payment.low < 2500.0 < per_payment.high
