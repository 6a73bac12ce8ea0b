"""Which parts of a subject have grown over a run, told by the samples with the load at rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from exporter.durations import format_clock
from exporter.record.column import Column
from exporter.record.columns import CATALOGUE
from exporter.record.sample import REPEATABLE_BYTES

if TYPE_CHECKING:
    from exporter.analysis.series import Run

_KIB = 1024
_FEWEST_COUNTED = 5
_FEWEST_SAMPLES = 6
_WOBBLES = 2  # from one reading to the next, which a rise must exceed
# The caches of a run's beginning are left out.
_WARM_UP_SHARE = 0.25

_PARTS = tuple(column for column in CATALOGUE if column.part)


@dataclass(frozen=True, slots=True)
class Change:
    """How much a part was more at the end than after warm-up; it has ``grown`` if the median of its last third is above
    that of its first by more than readings differ.
    """

    amount: float
    grown: bool


def changes_at_rest(columns: "Run") -> tuple[dict[str, Change], float, float]:
    """The changes by column, and from when to when, in seconds; nothing where too few samples were taken at rest."""
    settled, elapsed = columns.column("settled"), columns.columns["elapsed_sec"]
    if settled is None:
        return {}, 0.0, 0.0
    rested = (settled == 1) & ~columns.trimmed
    times = elapsed[rested]
    kept = slice(int(len(times) * _WARM_UP_SHARE), None)
    if len(times[kept]) < _FEWEST_SAMPLES:
        return {}, 0.0, 0.0
    found = {}
    for part in _PARTS:
        values = columns.column(part.name)
        if values is not None:
            at_rest = values[rested][kept]
            present = [float(value) for value in at_rest if value == value]  # an empty cell is NaN
            if len(present) >= _FEWEST_SAMPLES:
                found[part.name] = _change(present, REPEATABLE_BYTES if part.is_bytes else _FEWEST_COUNTED)
    return found, float(times[kept][0]), float(times[-1])


def lines_at_rest(columns: "Run") -> list[str]:
    """What has grown in a sentence, and by how much each part has changed; nothing where that can't be told."""
    changes, begin, end = changes_at_rest(columns)
    if not changes:
        return []
    present = [(part, changes[part.name]) for part in _PARTS if part.name in changes]
    memory = ", ".join(f"{part.part} {change.amount / _KIB:+,.0f} KiB" for part, change in present if part.is_bytes)
    counts = ", ".join(f"{part.part} {change.amount:+,.0f}" for part, change in present if not part.is_bytes)
    return [
        _sentence([(part, change) for part, change in present if part.side]),
        f"at rest, {format_clock(begin)} to {format_clock(end)}: {memory}",
        *([counts] if counts else []),
    ]


def _sentence(changes: Sequence[tuple[Column, Change]]) -> str:
    grown = [part.side for part, change in changes if change.grown]
    same = [part.side for part, change in changes if not change.grown]
    if not grown:
        return "no part of the subject has grown steadily"
    return f"growth {_listed(grown, 'and')}" + (f", not {_listed(same, 'or')}" if same else "")


def _listed(texts: list[str], word: str) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def _change(values: list[float], matters: float) -> Change:
    third = len(values) // 3
    rise = median(values[-third:]) - median(values[:third])
    wobble = median(abs(later - earlier) for earlier, later in pairwise(values))
    return Change(values[-1] - values[0], rise > max(matters, _WOBBLES * wobble))
