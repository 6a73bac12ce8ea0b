"""Where a program tells of itself: pages that it serves, and lines that it prints; for files see `followed_csv`.

A source reads; what it has read is parsed in `exporter.watch.formats`.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar, Protocol

from exporter.checked import MAX_COUNT
from exporter.drivers.protocol import Heap
from exporter.errors import ConfigError
from exporter.processes.lines import LineSplitter
from exporter.record.told import Told
from exporter.settings.kinds import without_login
from exporter.timed_requests import TimedSession, read_body
from exporter.watch.formats import parse_expvar, parse_goroutines, parse_pprof_heap, parse_prometheus
from exporter.watch.go_memory import Lowest

DEADLINE_SECONDS = 5.0
MAX_PAGE_BYTES = 16 << 20
MAX_LINE_BYTES = 1 << 16
_MOST_DIGITS = len(str(MAX_COUNT))


class Source(Protocol):
    """Reads what the program tells, when a sample is due."""

    name: ClassVar[str]  # the label on memtest_probe_success

    def read(self) -> Told:
        """Return what is told now; raises OSError or UnreadableError. Runs in a thread, and may block."""
        ...


class PrometheusSource:
    """A page in Prometheus' text format."""

    name: ClassVar[str] = "scrape"

    def __init__(self, url: str, mapping: Mapping[str, str]) -> None:
        self._url, self._mapping = url, mapping

    def read(self) -> Told:
        return Told(parse_prometheus(get(self._url).decode(errors="replace"), self._mapping))


class PprofSource:
    """The pages of Go's net/http/pprof, for the heap at its lowest; ``url`` is where the program serves.

    With ``/debug/pprof`` or without.
    """

    name: ClassVar[str] = "pprof"

    def __init__(self, url: str) -> None:
        self._base = re.sub(r"(/debug(/pprof(/heap)?)?)?/?(\?.*)?$", "", url) + "/debug/pprof"
        self._lowest = Lowest()

    def read(self) -> Told:
        memory = parse_pprof_heap(get(f"{self._base}/heap?debug=1"))
        heap = self._lowest.since_the_reading_before(memory, time.time())
        return Told(replace(heap, goroutines=parse_goroutines(get(f"{self._base}/goroutine?debug=1"))))


class ExpvarSource:
    """The page of Go's package expvar, for the heap at its lowest."""

    name: ClassVar[str] = "expvar"

    def __init__(self, url: str) -> None:
        self._url = url if url.rstrip("/").endswith("/debug/vars") else url.rstrip("/") + "/debug/vars"
        self._lowest = Lowest()

    def read(self) -> Told:
        memory = parse_expvar(get(self._url))
        return Told(self._lowest.since_the_reading_before(memory, time.time()))


class OutputSource:
    """The program's output: each line that matches is a payment, or holds the count so far as its first group.

    The expression is matched by RE2, in a time that only the line's length bounds. Raises ConfigError for one that RE2
    hasn't.
    """

    name: ClassVar[str] = "output"

    def __init__(self, pattern: str) -> None:
        import re2  # only where it is asked for

        options = re2.Options()
        options.log_errors = False
        try:
            self._pattern = re2.compile(pattern, options)
        except re2.error as error:
            why = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error
            raise ConfigError(
                f"payments-from is {pattern!r}: {why}; write an expression without look-around and back-references"
            ) from error
        self._lines = LineSplitter(MAX_LINE_BYTES)
        self._payments = 0

    def feed(self, data: bytes) -> None:
        """Take what the program has printed."""
        for line in self._lines.feed(data):
            found = self._pattern.search(line.decode(errors="replace"))
            count = (found[1] or "") if found and self._pattern.groups else ""
            if count.isdecimal() and len(count) <= _MOST_DIGITS:
                self._payments = int(count)
            elif found:
                self._payments += 1

    def read(self) -> Told:
        return Told(payments=self._payments)


def get(url: str, deadline: float = DEADLINE_SECONDS) -> bytes:
    """Return a page; raises OSError, also for an answer that is an error, too long or too slow as a whole."""
    late = OSError(f"{without_login(url)} is not there as a whole after {deadline:g} s")
    with TimedSession(deadline) as session:
        try:
            with session.get(url, timeout=deadline, stream=True) as answer:
                if not answer.ok:
                    raise OSError(f"{without_login(url)} answered with status {answer.status_code}")
                body = read_body(answer, MAX_PAGE_BYTES)
        except OSError as error:
            if session.over:
                raise late from None
            if why := _by_the_system(error):
                raise OSError(f"{without_login(url)} can't be reached ({why})") from None
            raise
        if session.over:
            raise late
    return body


def _by_the_system(error: BaseException) -> str:
    """What the system said, below all that libraries have made of it; empty if it said nothing."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return (error.strerror or "") if isinstance(error, OSError) else ""


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
    return Told(
        heap,
        last(lambda each: each.payments),
        group_bytes,
        last(lambda each: each.listeners),
        last(lambda each: each.instances),
    )
