"""What a judgement says of a subject's growth, as the state keeps it: the one source of growth on ``/metrics``."""

from collections.abc import Mapping
from typing import Any

from exporter.record.columns import OPERATIONS
from exporter.record.state import Growth, SubjectState

_BYTES = "_bytes"
_PER_SECOND = 1 / 60
_BYTES_PER_SECOND = 1024 / 60  # of a KiB a minute


def keep_growth(state: SubjectState, judgement: Mapping[str, Any]) -> None:
    """Keep what `exporter.analysis.judgement.Judgement.as_dict` says of growth.

    Where a count decides (descriptors, threads), the growth of memory that the judgement states is resident memory's.
    """
    series = judgement["growth_series"].removesuffix(_BYTES)
    growth = judgement["growth_kib_per_min"]
    state.growth = None if growth is None else _interval(series, growth, _BYTES_PER_SECOND)
    per = {each.operation: judgement[f"growth_bytes_per_{each.operation}"] for each in OPERATIONS}
    state.growth_per = {name: _interval(series, found, 1) for name, found in per.items() if found is not None}
    state.memory_limit_in_seconds = judgement["memory_limit_in_sec"]
    # A series that was read at rest too comes there first, and that reading is the surer one.
    judged = {
        part["series"]: part["growth_per_min"]["value"]
        for part in reversed(judgement["parts"])
        if part["growth_per_min"] is not None
    }
    state.memory_growth = {
        name.removesuffix(_BYTES): value * _BYTES_PER_SECOND for name, value in judged.items() if name.endswith(_BYTES)
    }
    state.count_growth = {name: value * _PER_SECOND for name, value in judged.items() if not name.endswith(_BYTES)}


def forget_growth(state: SubjectState) -> None:
    """Keep nothing of what was said: it is no longer computed."""
    state.growth = state.memory_limit_in_seconds = None
    state.growth_per, state.memory_growth, state.count_growth = {}, {}, {}


def _interval(series: str, interval: Mapping[str, float], factor: float) -> Growth:
    return Growth(series, *(interval[figure] * factor for figure in ("value", "low", "high")))
