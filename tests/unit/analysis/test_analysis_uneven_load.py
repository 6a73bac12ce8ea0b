"""Growth under a load of an uneven pace: a leak per operation is a straight line by the work done, not by time."""

import numpy as np
import pytest

from exporter.analysis.csv_cells import Floats
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.terms import Verdict

MINUTES = 20
SECONDS = np.arange(0, MINUTES * 60 + 1, 5.0)
BYTES = 5_999  # per operation
PACES: dict[str, Floats] = {
    "slowing": 5 + 40 * np.exp(-SECONDS / 300),
    "rising": 5 + 30 * SECONDS / SECONDS[-1],
    "bursts": np.where((SECONDS // 200) % 2, 3.0, 25.0),
}


def run_of(held: Floats, payments: Floats) -> Run:
    memory = 80e6 + held + np.random.default_rng(5).normal(0, 200e3, len(held))
    return Run.of("uneven", elapsed_sec=SECONDS, rss_bytes=memory, rss_anon_bytes=memory, payments=payments)


@pytest.fixture(params=sorted(PACES))
def payments(request: pytest.FixtureRequest) -> Floats:
    return np.asarray(np.floor(np.cumsum(PACES[request.param] * 5)), dtype=np.float64)


def test_a_leak_per_operation_is_found_and_measured(payments: Floats) -> None:
    found = judge(run_of(BYTES * payments, payments))
    true_kib_per_min = BYTES * (payments[-1] - payments[0]) / 1024 / MINUTES
    assert found.verdict is Verdict.LEAK
    assert found.growth_kib_per_min is not None
    assert found.growth_kib_per_min.value == pytest.approx(true_kib_per_min, rel=0.02)
    assert found.growth_bytes_per_payment is not None
    assert found.growth_bytes_per_payment.value == pytest.approx(BYTES, rel=0.02)


def test_a_cache_that_fills_by_operation_is_none(payments: Floats) -> None:
    full = 0.6 * BYTES * payments[-1]
    assert judge(run_of(np.minimum(BYTES * payments, full), payments)).verdict is not Verdict.LEAK


def test_a_leak_by_time_is_measured_by_time(payments: Floats) -> None:
    found = judge(run_of(10_000 * SECONDS, payments))
    assert found.verdict is Verdict.LEAK
    assert found.growth_kib_per_min is not None
    assert found.growth_kib_per_min.value == pytest.approx(600_000 / 1024, rel=0.05)
