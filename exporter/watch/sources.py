"""Where a program tells of itself: pages that it serves, a CSV file that it writes, lines that it prints.

A source reads; what it has read is parsed in `exporter.watch.formats`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Protocol

import requests

from exporter.checked import UnreadableError
from exporter.drivers.protocol import Heap
from exporter.processes.lines import LineSplitter
from exporter.record.told import Told
from exporter.watch.formats import (
    parse_expvar,
    parse_goroutines,
    parse_harness_row,
    parse_pprof_heap,
    parse_prometheus,
)

TIMEOUT_SECONDS = 5.0
MAX_PAGE_BYTES = 16 << 20
MAX_LINE_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 16


class Source(Protocol):
    """Reads what the program tells, when a sample is due."""

    name: ClassVar[str]  # the label on memtest_probe_success

    def read(self) -> Told:
        """Return what is told now; raises OSError or UnreadableError. Blocks for seconds at most."""
        ...


class PrometheusSource:
    """A page in Prometheus' text format."""

    name: ClassVar[str] = "scrape"

    def __init__(self, url: str, mapping: Mapping[str, str]) -> None:
        self._url, self._mapping = url, mapping

    def read(self) -> Told:
        return Told(parse_prometheus(get(self._url).decode(errors="replace"), self._mapping))


class PprofSource:
    """The pages of Go's net/http/pprof; ``url`` is where the program serves, with ``/debug/pprof`` or without."""

    name: ClassVar[str] = "pprof"

    def __init__(self, url: str) -> None:
        self._base = re.sub(r"(/debug(/pprof(/heap)?)?)?/?(\?.*)?$", "", url) + "/debug/pprof"

    def read(self) -> Told:
        heap = parse_pprof_heap(get(f"{self._base}/heap?debug=1"))
        return Told(replace(heap, goroutines=parse_goroutines(get(f"{self._base}/goroutine?debug=1"))))


class ExpvarSource:
    """The page of Go's package expvar."""

    name: ClassVar[str] = "expvar"

    def __init__(self, url: str) -> None:
        self._url = url if url.rstrip("/").endswith("/debug/vars") else url.rstrip("/") + "/debug/vars"

    def read(self) -> Told:
        return Told(parse_expvar(get(self._url)))


class CsvSource:
    """A CSV file while another program writes it: its last whole row counts. It may come late, and start anew."""

    name: ClassVar[str] = "follow_csv"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._header = self._last = ""
        self._lines = LineSplitter(MAX_LINE_BYTES)

    def read(self) -> Told:
        with self._path.open("rb") as stream:
            if stream.seek(0, 2) < self._position:
                self._start_anew()
            stream.seek(self._position)
            while chunk := stream.read(_CHUNK_BYTES):
                self._position += len(chunk)
                for line in self._lines.feed(chunk):
                    text = line.decode(errors="replace").strip()
                    self._header, self._last = (self._header, text) if self._header else (text, "")
        if not self._last:
            raise UnreadableError(f"{self._path} has no row yet")
        return parse_harness_row(self._header, self._last)

    def _start_anew(self) -> None:
        self._position = 0
        self._header = self._last = ""
        self._lines = LineSplitter(MAX_LINE_BYTES)


class OutputSource:
    """The program's output: each line that matches is a payment, or holds the count so far as its first group."""

    name: ClassVar[str] = "output"

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._lines = LineSplitter(MAX_LINE_BYTES)
        self._payments = 0

    def feed(self, data: bytes) -> None:
        """Take what the program has printed."""
        for line in self._lines.feed(data):
            found = self._pattern.search(line.decode(errors="replace"))
            if found and self._pattern.groups and (found[1] or "").isdecimal():
                self._payments = int(found[1])
            elif found:
                self._payments += 1

    def read(self) -> Told:
        return Told(payments=self._payments)


def get(url: str) -> bytes:
    """Return a page; raises OSError, also for an answer that is an error, too long or too slow."""
    with requests.get(url, timeout=TIMEOUT_SECONDS, stream=True) as answer:
        answer.raise_for_status()
        body = bytearray()
        for chunk in answer.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_PAGE_BYTES:
                raise OSError(f"{url} is longer than {MAX_PAGE_BYTES >> 20} MiB")
    return bytes(body)


def merged(told: list[Told]) -> Told:
    """What several sources tell together; for a figure that two of them have, the later one holds."""

    def last(figure: Callable[[Told], int | None]) -> int | None:
        return next((value for each in reversed(told) if (value := figure(each)) is not None), None)

    heap = Heap(
        {heap: size for each in told for heap, size in each.heap.heap_bytes.items()},
        {part: size for each in told for part, size in each.heap.allocator_bytes.items()},
        objects=last(lambda each: each.heap.objects),
        collections=last(lambda each: each.heap.collections),
        event_loop_handles=last(lambda each: each.heap.event_loop_handles),
        unreadable=tuple(heap for each in told for heap in each.heap.unreadable),
        goroutines=last(lambda each: each.heap.goroutines),
    )
    group_bytes = {part: size for each in told for part, size in each.group_bytes.items()}
    return Told(heap, last(lambda each: each.payments), group_bytes)
