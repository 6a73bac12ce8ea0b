"""The past of a run in constant memory: as time goes on, neighbouring points are merged and the steps double."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace

CAPACITY = 600


@dataclass(frozen=True, slots=True)
class Point:
    """What was seen in one step: of levels the last, lowest and highest, of counters and times the last.

    ``time`` is in seconds since the epoch; ``None`` where the subject had no such figure, of the settled heap also
    where there was no settled sample in the step.
    """

    time: float
    rss_bytes: int | None
    heap_bytes: int | None
    settled_heap_bytes: int | None
    payments: int
    failures: int
    rss_lowest_bytes: int | None = None
    rss_highest_bytes: int | None = None
    heap_lowest_bytes: int | None = None
    heap_highest_bytes: int | None = None


def observed(
    time: float, *, rss: int | None, heap: int | None, settled_heap: int | None, payments: int, failures: int
) -> Point:
    """Return the point that a single observation makes."""
    return Point(time, rss, heap, settled_heap, payments, failures, rss, rss, heap, heap)


class History:
    """At most ``capacity`` points, at least about ``resolution`` seconds apart, from the first observation on."""

    def __init__(self, capacity: int = CAPACITY, resolution: float = 1.0) -> None:
        if capacity < 2 or resolution <= 0:
            raise ValueError(f"a history needs room for 2 points and a positive resolution: {capacity}, {resolution}")
        self._capacity = capacity
        self._points: list[Point] = []
        self._start = 0.0
        self.resolution = resolution

    def add(self, point: Point) -> None:
        """Take in an observation; raises ValueError if it is older than the last one."""
        if not self._points:
            self._start = point.time
        elif point.time < self._points[-1].time:
            raise ValueError(f"{point.time} is before {self._points[-1].time}, the last point's time")
        self._append(point)
        while self._step(self._points[-1].time) >= self._capacity:
            self._thin()

    def since(self, time: float | None) -> list[Point]:
        """Return the points from ``time`` on, or all of them."""
        return [point for point in self._points if time is None or point.time >= time]

    def _step(self, time: float) -> int:
        return int((time - self._start) / self.resolution)

    def _append(self, point: Point) -> None:
        if self._points and self._step(self._points[-1].time) == self._step(point.time):
            self._points[-1] = _merged(self._points[-1], point)
        else:
            self._points.append(point)

    def _thin(self) -> None:
        self.resolution *= 2
        points, self._points = self._points, []
        for point in points:
            self._append(point)


def as_columns(points: Iterable[Point]) -> dict[str, list[float | int | None]]:
    """Return the points as one list per field, all of one length."""
    rows = [asdict(point) for point in points]
    return {field.name: [row[field.name] for row in rows] for field in fields(Point)}


def _merged(earlier: Point, later: Point) -> Point:
    settled = earlier.settled_heap_bytes if later.settled_heap_bytes is None else later.settled_heap_bytes
    return replace(
        later,
        rss_bytes=earlier.rss_bytes if later.rss_bytes is None else later.rss_bytes,
        heap_bytes=earlier.heap_bytes if later.heap_bytes is None else later.heap_bytes,
        settled_heap_bytes=settled,
        rss_lowest_bytes=_extreme(min, earlier.rss_lowest_bytes, later.rss_lowest_bytes),
        rss_highest_bytes=_extreme(max, earlier.rss_highest_bytes, later.rss_highest_bytes),
        heap_lowest_bytes=_extreme(min, earlier.heap_lowest_bytes, later.heap_lowest_bytes),
        heap_highest_bytes=_extreme(max, earlier.heap_highest_bytes, later.heap_highest_bytes),
    )


def _extreme(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
