"""What a program tells of itself, and the formats that it is told in: pure parsers.

Formats: Prometheus' text exposition; Go's ``/debug/pprof/heap?debug=1``, which ends with ``runtime.MemStats``; Go's
``/debug/vars`` (package expvar); the CSV files of the Go and the Rust memory test.
"""

import json
import re
from collections.abc import Iterator, Mapping

from exporter.checked import UnreadableError
from exporter.drivers.protocol import Heap
from exporter.record.told import Told

# Heap by metric, in the client libraries' own names; of two names for the same heap the first that is there counts.
KNOWN_HEAPS: Mapping[str, tuple[str, ...]] = {
    "go": ("go_memstats_heap_alloc_bytes", "go_memstats_alloc_bytes"),
    "node": ("nodejs_heap_size_used_bytes",),
    "node_external": ("nodejs_external_memory_bytes",),
    "jvm": ('jvm_memory_used_bytes{area="heap"}', 'jvm_memory_bytes_used{area="heap"}'),
    "native": ("jemalloc_allocated_bytes", "jemalloc_stats_allocated_bytes", "jemalloc_allocated"),
}
_GOROUTINES = "go_goroutines"
_SERIES = re.compile(r'(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(?P<value>\S+)')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_MEMSTATS = re.compile(rb"^# (\w+) = (\d+)$", re.MULTILINE)


def parse_prometheus(text: str, mapping: Mapping[str, str]) -> Heap:
    """Find heaps under their known names, and under those of ``mapping`` (metric by heap, with labels or without).

    Series of one metric are summed. Raises UnreadableError if no heap is found.
    """
    series = list(_series(text))
    heaps = {}
    for heap, names in {**KNOWN_HEAPS, **{heap: (name,) for heap, name in mapping.items()}}.items():
        sizes = (_sum_of(series, name) for name in names)
        found = next((size for size in sizes if size is not None), None)
        if found is not None:
            heaps[heap] = int(found)
    missing = [name for heap, name in mapping.items() if heap not in heaps]
    if missing or not heaps:
        raise UnreadableError(f"there is no {missing[0] if missing else 'heap of a known name; say --map HEAP=METRIC'}")
    goroutines = _sum_of(series, _GOROUTINES)
    return Heap(heaps, goroutines=None if goroutines is None else int(goroutines))


def parse_pprof_heap(body: bytes) -> Heap:
    """Read the figures of ``runtime.MemStats`` at the end of a heap profile in text; raises UnreadableError."""
    return _memstats({name.decode(): int(value) for name, value in _MEMSTATS.findall(body)})


def parse_goroutines(body: bytes) -> int:
    """How many goroutines ``/debug/pprof/goroutine?debug=1`` counts; raises UnreadableError."""
    found = re.match(rb"goroutine profile: total (\d+)", body)
    if not found:
        raise UnreadableError("it does not start with 'goroutine profile: total'")
    return int(found[1])


def parse_expvar(body: bytes) -> Heap:
    """Read ``memstats`` from what package expvar serves; raises UnreadableError."""
    try:
        memstats = json.loads(body)["memstats"]
        return _memstats({name: value for name, value in memstats.items() if isinstance(value, int)})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableError("it is no JSON object with 'memstats'") from None


def parse_harness_row(header: str, row: str) -> Told:
    """Read a row of the Go or the Rust memory test's CSV, or of ours; raises UnreadableError."""
    names, cells = header.split(","), row.split(",")
    if len(names) != len(cells):
        raise UnreadableError(f"a row has {len(cells)} cells, the header {len(names)}")
    figures = {name: int(float(cell)) for name, cell in zip(names, cells, strict=True) if _is_number(cell)}
    heaps = {"go": figures.get("heap_alloc_bytes"), "native": figures.get("heap_allocated_bytes")}
    held = {"inuse": "heap_inuse_bytes", "sys": "heap_sys_bytes", "resident": "heap_resident_bytes"}
    heap = Heap(
        {heap: size for heap, size in heaps.items() if size is not None},
        {part: figures[column] for part, column in held.items() if column in figures},
        objects=figures.get("heap_objects"),
        goroutines=figures.get("goroutines"),
    )
    return Told(heap, figures.get("payments"))


def parse_anonymous_memory(text: str) -> int:
    """Bytes of no file in a control group and those below it, from its ``memory.stat``; raises UnreadableError."""
    figures = dict(line.split() for line in text.splitlines())
    for name in ("anon", "total_rss"):  # in version 2, and in version 1
        if name in figures:
            return int(figures[name])
    raise UnreadableError("memory.stat holds neither anon nor total_rss")


def _memstats(figures: Mapping[str, int]) -> Heap:
    if "HeapAlloc" not in figures:
        raise UnreadableError("there is no HeapAlloc of runtime.MemStats")
    held = {part: figures[name] for part, name in (("inuse", "HeapInuse"), ("sys", "HeapSys")) if name in figures}
    return Heap({"go": figures["HeapAlloc"]}, held, figures.get("HeapObjects"), figures.get("NumGC"))


def _series(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    for line in text.splitlines():
        found = None if line.startswith("#") else _SERIES.match(line)
        if found and _is_number(found["value"]):
            yield found["name"], dict(_LABEL.findall(found["labels"] or "")), float(found["value"])


def _sum_of(series: list[tuple[str, Mapping[str, str], float]], wanted: str) -> float | None:
    name, _, labels = wanted.partition("{")
    required = set(_LABEL.findall(labels))
    values = [value for each, have, value in series if each == name and required <= set(have.items())]
    return sum(values) if values else None


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return abs(value) < float("inf")
