"""Which parts of a subject have grown: twins, made of settled samples with noise."""

import numpy as np
import pytest

from exporter.analysis.parts import changes_at_rest, lines_at_rest
from exporter.analysis.series import Run
from exporter.record.columns import BY_NAME
from exporter.record.heap_columns import HEAPS, heap_column
from exporter.record.sample import REPEATABLE_BYTES

SAMPLES = 40
PARTS = ("heap_python_bytes", "heap_native_bytes", "heap_mmap_bytes", "open_fds", "threads")


def run_with(growth: dict[str, float] | None = None, samples: int = SAMPLES) -> Run:
    """A run whose parts grow by so much a sample, under noise of a third of what readings may differ by."""
    noise = np.random.default_rng(7)
    columns = {}
    for name in (*PARTS, *sorted((growth or {}).keys() - set(PARTS))):
        rate = (growth or {}).get(name, 0.0)
        wobble = REPEATABLE_BYTES / 3 if name.endswith("_bytes") else 1.0
        columns[name] = 20 + noise.uniform(0, wobble, samples).round() + rate * np.arange(samples)
    return Run.of("run", elapsed_sec=np.arange(samples, dtype=np.float64) * 10, settled=np.ones(samples), **columns)


@pytest.mark.parametrize(
    ("growth", "sentence"),
    [
        ({}, "no part of the subject has grown steadily"),
        (
            {"heap_native_bytes": 430_000.0, "open_fds": 2.0},
            "growth on the native side and in descriptors, not on the Python side, in mapped memory or in threads",
        ),
        (
            {"heap_go_bytes": 10_000.0},
            "growth on the Go side, not on the Python side, on the native side, in mapped memory, in descriptors or in "
            "threads",
        ),
        (
            {"heap_node_bytes": 10_000.0, "heap_wasm_bytes": 0.0},
            "growth on the JavaScript side, not on the Python side, in WebAssembly memory, on the native side, in "
            "mapped memory, in descriptors or in threads",
        ),
        (
            {"heap_python_bytes": 10_000.0},
            "growth on the Python side, not on the native side, in mapped memory, in descriptors or in threads",
        ),
    ],
)
def test_the_side_that_grows_is_named(growth: dict[str, float], sentence: str) -> None:
    assert lines_at_rest(run_with(growth))[0] == sentence


def test_every_heap_has_its_name() -> None:
    columns = {heap_column(heap): 10_000.0 for heap in HEAPS}
    sentence, amounts, *_ = lines_at_rest(run_with(columns))
    assert sentence.count(" side") + sentence.count("memory") == len(HEAPS)
    assert all(BY_NAME[name].title and BY_NAME[name].label for name in columns)
    assert amounts.count(" KiB") == len(HEAPS)


def test_a_cache_that_fills_at_the_beginning_has_not_grown() -> None:
    run = run_with()
    run.columns["heap_native_bytes"][: SAMPLES // 4] -= np.linspace(10_000_000, 0, SAMPLES // 4)
    assert lines_at_rest(run)[0] == "no part of the subject has grown steadily"


def test_amounts_and_times_are_shown() -> None:
    lines = lines_at_rest(run_with({"heap_native_bytes": 1024.0 * 1000}))
    assert lines[1].startswith("at rest, 00:01:40 to 00:06:30: Python heap ")
    changes, begin, end = changes_at_rest(run_with({"heap_native_bytes": 1024.0 * 1000}))
    assert (begin, end) == (100.0, 390.0)
    assert changes["heap_native_bytes"].amount == pytest.approx(29 * 1_024_000, rel=0.01)


@pytest.mark.parametrize("samples", [0, 1, 6])
def test_too_few_samples_tell_nothing(samples: int) -> None:
    assert lines_at_rest(run_with(samples=samples)) == []


def test_a_run_that_never_rested_tells_nothing() -> None:
    run = run_with()
    run.columns["settled"][:] = 0
    assert lines_at_rest(run) == []
