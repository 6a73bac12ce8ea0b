"""Which parts of a subject have grown over a run, told by the samples with the load at rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from exporter.durations import format_clock
from exporter.record.sample import REPEATABLE_BYTES

if TYPE_CHECKING:
    from exporter.analysis.series import Run

_KIB = 1024
_FEWEST_COUNTED = 5
_FEWEST_SAMPLES = 6
_WOBBLES = 2  # from one reading to the next, which a rise must exceed
# The caches of a run's beginning are left out.
_WARM_UP_SHARE = 0.25

_BYTES = {
    "heap_python_bytes": "Python heap",
    "heap_go_bytes": "Go heap",
    "heap_node_bytes": "JavaScript heap",
    "heap_node_external_bytes": "V8's external memory",
    "heap_wasm_bytes": "WebAssembly memory",
    "heap_native_bytes": "native heap",
    "heap_mmap_bytes": "mapped memory",
    "allocator_free_bytes": "held free by the allocator",
    "beyond_heaps_bytes": "resident beyond the heaps",
}
_COUNTS = {
    "open_fds": "descriptors",
    "fds_socket": "sockets",
    "fds_file": "files",
    "fds_pipe": "pipes",
    "fds_eventfd": "eventfds",
    "threads": "threads",
    "gc_objects": "collected objects",
}
_SIDES = {
    "heap_python_bytes": "on the Python side",
    "heap_go_bytes": "on the Go side",
    "heap_node_bytes": "on the JavaScript side",
    "heap_node_external_bytes": "in V8's external memory",
    "heap_wasm_bytes": "in WebAssembly memory",
    "heap_native_bytes": "on the native side",
    "heap_mmap_bytes": "in mapped memory",
    "open_fds": "in descriptors",
    "threads": "in threads",
}


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
    for name in (*_BYTES, *_COUNTS):
        values = columns.column(name)
        if values is not None:
            at_rest = values[rested][kept]
            present = [float(value) for value in at_rest if value == value]  # an empty cell is NaN
            if len(present) >= _FEWEST_SAMPLES:
                found[name] = _change(present, REPEATABLE_BYTES if name in _BYTES else _FEWEST_COUNTED)
    return found, float(times[kept][0]), float(times[-1])


def lines_at_rest(columns: "Run") -> list[str]:
    """What has grown in a sentence, and by how much each part has changed; nothing where that can't be told."""
    changes, begin, end = changes_at_rest(columns)
    if not changes:
        return []
    memory = ", ".join(f"{_BYTES[name]} {change.amount / _KIB:+,.0f} KiB" for name, change in _of(changes, _BYTES))
    counts = ", ".join(f"{_COUNTS[name]} {change.amount:+,.0f}" for name, change in _of(changes, _COUNTS))
    return [
        _sentence(changes),
        f"at rest, {format_clock(begin)} to {format_clock(end)}: {memory}",
        *([counts] if counts else []),
    ]


def _sentence(changes: Mapping[str, Change]) -> str:
    grown = [_SIDES[name] for name, change in _of(changes, _SIDES) if change.grown]
    same = [_SIDES[name] for name, change in _of(changes, _SIDES) if not change.grown]
    if not grown:
        return "no part of the subject has grown steadily"
    return f"growth {_listed(grown, 'and')}" + (f", not {_listed(same, 'or')}" if same else "")


def _of(changes: Mapping[str, Change], names: Mapping[str, str]) -> list[tuple[str, Change]]:
    return [(name, changes[name]) for name in names if name in changes]


def _listed(texts: list[str], word: str) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def _change(values: list[float], matters: float) -> Change:
    third = len(values) // 3
    rise = median(values[-third:]) - median(values[:third])
    wobble = median(abs(later - earlier) for earlier, later in pairwise(values))
    return Change(values[-1] - values[0], rise > max(matters, _WOBBLES * wobble))
