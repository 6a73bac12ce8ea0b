"""What a program tells of itself, and the formats that it is told in: pure parsers.

Formats: Prometheus' text exposition; Go's ``/debug/pprof/heap?debug=1``, which ends with ``runtime.MemStats``; Go's
``/debug/vars`` (package expvar); the CSV files of the Go and the Rust memory test.
"""

import csv
import json
import math
import re
from collections.abc import Mapping, Set

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from exporter.checked import UnreadableError, shown
from exporter.drivers.protocol import Heap
from exporter.record.told import Told
from exporter.watch.go_memory import HEAP as GO_HEAP
from exporter.watch.go_memory import GoMemory

# Heap by metric, in the client libraries' own names; of two names for the same heap the first that is there counts.
KNOWN_HEAPS: Mapping[str, tuple[str, ...]] = {
    "go": ("go_memstats_heap_alloc_bytes", "go_memstats_alloc_bytes"),
    "node": ("nodejs_heap_size_used_bytes",),
    "node_external": ("nodejs_external_memory_bytes",),
    "jvm": ('jvm_memory_used_bytes{area="heap"}', 'jvm_memory_bytes_used{area="heap"}'),
    "native": ("jemalloc_allocated_bytes", "jemalloc_stats_allocated_bytes", "jemalloc_allocated"),
}
_GOROUTINES = "go_goroutines"
_NAME = re.compile(r"[a-zA-Z_:][\w:]*", re.ASCII)
_SEPARATORS = ",;\t"
MAX_LINE_CHARACTERS = 1 << 16
MOST_SERIES = 10_000
_TOLD_ORDER = (
    *("heap_alloc_bytes", "heap_allocated_bytes", "heap_inuse_bytes", "heap_sys_bytes", "heap_resident_bytes"),
    *("heap_objects", "goroutines", "payments", "listeners", "instances"),
)
_TOLD_COLUMNS = frozenset(_TOLD_ORDER)
_MEMSTATS = re.compile(rb"^# (\w{1,40}) = (\d{1,20})$", re.MULTILINE)


def parse_prometheus(text: str, mapping: Mapping[str, str]) -> Heap:
    """Find heaps under their known names, and under those of ``mapping`` (metric by heap, with labels or without).

    Series of one metric are summed. Raises UnreadableError if no heap is found.
    """
    wanted = {**KNOWN_HEAPS, **{heap: (name,) for heap, name in mapping.items()}}
    series = _series(text, {_name_of(each) for names in wanted.values() for each in names} | {_GOROUTINES})
    heaps = {}
    for heap, names in wanted.items():
        sizes = (_sum_of(series, name) for name in names)
        found = next((size for size in sizes if size is not None), None)
        if found is not None:
            heaps[heap] = int(found)
    missing = [name for heap, name in mapping.items() if heap not in heaps]
    if missing or not heaps:
        raise UnreadableError(f"there is no {missing[0] if missing else 'heap of a known name; say --map HEAP=METRIC'}")
    goroutines = _sum_of(series, _GOROUTINES)
    return Heap(heaps, goroutines=None if goroutines is None else int(goroutines))


def parse_pprof_heap(body: bytes) -> GoMemory:
    """Read the figures of ``runtime.MemStats`` at the end of a heap profile in text; raises UnreadableError."""
    return _memstats({name.decode(): int(value) for name, value in _MEMSTATS.findall(body)})


def parse_goroutines(body: bytes) -> int:
    """How many goroutines ``/debug/pprof/goroutine?debug=1`` counts; raises UnreadableError."""
    found = re.match(rb"goroutine profile: total (\d{1,19})", body)
    if not found:
        raise UnreadableError("it does not start with 'goroutine profile: total'")
    return int(found[1])


def parse_expvar(body: bytes) -> GoMemory:
    """Read ``memstats`` from what package expvar serves; raises UnreadableError."""
    try:
        memstats = json.loads(body)["memstats"]
        return _memstats({name: value for name, value in memstats.items() if isinstance(value, int)})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UnreadableError("it is no JSON object with 'memstats'") from None


def parse_harness_row(header: str, row: str) -> Told:
    """Read a row of the Go or the Rust memory test's CSV, or of ours, quoted or not; raises UnreadableError."""
    separator = max(_SEPARATORS, key=header.count)
    names, cells = _cells(header, separator), _cells(row, separator)
    if not _TOLD_COLUMNS & {*names}:
        raise UnreadableError(f"its header is {shown(header)}, of which no column is one of {', '.join(_TOLD_ORDER)}")
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
    return Told(heap, figures.get("payments"), listeners=figures.get("listeners"), instances=figures.get("instances"))


def parse_anonymous_memory(text: str) -> int:
    """Bytes of no file in a control group and those below it, from its ``memory.stat``; raises UnreadableError."""
    figures = dict(line.split() for line in text.splitlines())
    for name in ("anon", "total_rss"):  # in version 2, and in version 1
        if name in figures:
            return int(figures[name])
    raise UnreadableError("memory.stat holds neither anon nor total_rss")


def _memstats(figures: Mapping[str, int]) -> GoMemory:
    if "HeapAlloc" not in figures:
        raise UnreadableError("there is no HeapAlloc of runtime.MemStats")
    held = {part: figures[name] for part, name in (("inuse", "HeapInuse"), ("sys", "HeapSys")) if name in figures}
    heap = Heap({GO_HEAP: figures["HeapAlloc"]}, held, figures.get("HeapObjects"), figures.get("NumGC"))
    return GoMemory(heap, figures.get("TotalAlloc", 0), figures.get("LastGC", 0) / 1e9)


def _cells(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error as error:
        raise UnreadableError(f"a line is no CSV ({error}): {shown(line)}") from None


def _series(text: str, names: Set[str]) -> list[Sample]:
    """The series of these names; the rest of the page, which may be long and of any shape, is not looked at."""
    lines = (line.strip(" \t") for line in text.split("\n"))
    wanted = [line for line in lines if len(line) <= MAX_LINE_CHARACTERS and _name_of(line) in names]
    found = (_parse_series(line) for line in wanted[:MOST_SERIES])
    return [sample for samples in found for sample in samples]


def _parse_series(line: str) -> list[Sample]:
    try:
        samples = [sample for family in text_string_to_metric_families(line + "\n") for sample in family.samples]
        return [sample for sample in samples if math.isfinite(sample.value)]
    except (ValueError, ArithmeticError, LookupError):
        return []  # what the parser fails at, in whatever way, is no series


def _name_of(series: str) -> str:
    found = _NAME.match(series)
    return found[0] if found else ""


def _sum_of(series: list[Sample], wanted: str) -> float | None:
    # Written as on the page, but for its value.
    for pattern in _parse_series(f"{wanted} 0"):
        alike = (each for each in series if each.name == pattern.name)
        values = [each.value for each in alike if pattern.labels.items() <= each.labels.items()]
        return sum(values) if values and math.isfinite(sum(values)) else None
    return None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
