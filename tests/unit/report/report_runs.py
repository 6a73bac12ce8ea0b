"""Runs made of arrays, prepared for a report."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.series import Run
from exporter.report import ReportRun
from exporter.report.prepared import Prepared, prepare

Floats = NDArray[np.float64]
MIB = 1 << 20


def series(name: str = "run", minutes: float = 60, every: float = 10, kib_per_min: float = 0.0, **columns: Any) -> Run:
    """A run that grows so much a minute in resident memory and on the native heap; further columns as given."""
    rng = np.random.default_rng(7)
    seconds = np.arange(0, minutes * 60 + every / 2, every)
    grown = kib_per_min * 1024 * seconds / 60
    found: dict[str, Floats] = {
        "elapsed_sec": seconds,
        "rss_bytes": 54 * MIB + grown + rng.normal(0, 30_000, len(seconds)),
        "heap_allocated_bytes": 16 * MIB + grown + rng.normal(0, 20_000, len(seconds)),
        "heap_python_bytes": 9 * MIB + rng.normal(0, 10_000, len(seconds)),
        "heap_native_bytes": 7 * MIB + grown + rng.normal(0, 10_000, len(seconds)),
        "payments": np.floor(seconds / 5),
        "reconnects": np.floor(seconds / 500),
        "settled": (np.arange(len(seconds)) % 6 == 5).astype(np.float64),
    }
    found |= {column: np.asarray(values, dtype=np.float64) for column, values in columns.items()}
    return Run.of(name, **found)


def prepared(*runs: Run | ReportRun) -> list[Prepared]:
    """The runs as the report has them, labelled by their names."""
    return prepare([run if isinstance(run, ReportRun) else ReportRun(run.name, run) for run in runs])
