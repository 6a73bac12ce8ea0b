"""The verdict on a run, from its series."""

import numpy as np

from exporter.analysis.judgement import Interval, Judgement, SeriesEvidence, Settings, Verdict
from exporter.analysis.series import Run

__all__ = ["Interval", "Judgement", "SeriesEvidence", "Settings", "Verdict", "judge"]

_FEWEST_SAMPLES = 10
_WARMUP_SHARE = 0.25
_SHORTEST_MINUTES = 10.0


def judge(run: Run, settings: Settings | None = None) -> Judgement:
    """The verdict on a run: a line through the resident memory after the first quarter."""
    settings = settings or Settings()
    series = "rss_bytes" if run.column("rss_bytes") is not None else "heap_allocated_bytes"
    values = run.column(series)
    elapsed = run.columns["elapsed_sec"]
    minutes = float(np.nanmax(elapsed) - np.nanmin(elapsed)) / 60 if len(run) else 0.0
    if values is None or len(run) < _FEWEST_SAMPLES or minutes < _SHORTEST_MINUTES:
        reason = f"{len(run)} samples over {minutes:.1f} min are too few to tell growth from warm-up"
        return _inconclusive(reason, f"a run of at least {_SHORTEST_MINUTES:.0f} min")
    warmup = float(np.nanmin(elapsed)) + _WARMUP_SHARE * minutes * 60
    kept = (elapsed >= warmup) & ~np.isnan(values)
    x, y = elapsed[kept] / 60, values[kept] / 1024
    if len(x) < _FEWEST_SAMPLES:
        return _inconclusive("too few samples after warm-up", "a shorter --mem-interval")
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    residual = y - y.mean() - slope * x
    error = float(np.sqrt(residual @ residual / (len(x) - 2) / (x @ x)))
    growth = Interval(slope, slope - 1.96 * error, slope + 1.96 * error)
    total = float(((y - y.mean()) ** 2).sum())
    explained = 1 - float(residual @ residual) / total if total else 0.0
    leak = slope > 100 and explained > 0.7
    verdict = Verdict.LEAK if leak else Verdict.NO_LEAK
    reason = f"{series} grows by {slope:.1f} KiB/min after warm-up (R² {explained:.2f})"
    return Judgement(
        verdict, series, "passive", growth, None, None, None, warmup, None if leak else growth.high, reason, ""
    )


def _inconclusive(reason: str, would_decide: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, None, "none", None, None, None, None, None, None, reason, would_decide)
