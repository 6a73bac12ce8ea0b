"""What a metric is: one row of the table in ``exporter.publish.metrics``, and short ways to write the common rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from exporter.record.state import Histogram, RunState, SubjectState

Kind = Literal["counter", "gauge", "histogram", "info", "stateset"]
States = Mapping[str, str] | Mapping[str, bool]
Value = float | Histogram | States
Series = tuple[tuple[str, ...], Value]
Source = TypeVar("Source")

_UNITS = frozenset({"seconds", "bytes", "sats"})


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject at scrape time: what the run knows of it, and what the probes have just seen from outside."""

    state: SubjectState
    seen: Mapping[str, int | None]  # by column of Sample
    probe_success: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Metric(Generic[Source]):
    """One row of the table; ``read`` yields (label values, value) pairs, and nothing where there is no value."""

    name: str
    kind: Kind
    help: str
    read: Callable[[Source], Iterable[Series]]
    labels: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The base unit that the name ends with, or nothing."""
        last = self.name.removesuffix("_total").rpartition("_")[2]
        return last if last in _UNITS else ""


def run_gauge(name: str, text: str, read: Callable[[RunState], float | None]) -> Metric[RunState]:
    return Metric(name, "gauge", text, lambda run: one(read(run)))


def total(name: str, text: str, read: Callable[[SubjectState], float]) -> Metric[Subject]:
    """A counter of a subject; it stays when the subject is gone."""
    return Metric(name, "counter", text, lambda subject: one(read(subject.state)), ("driver",))


def totals(name: str, label: str, text: str, read: Callable[[SubjectState], Mapping[str, float]]) -> Metric[Subject]:
    return Metric(name, "counter", text, lambda subject: each(read(subject.state)), ("driver", label))


def level(name: str, text: str, read: Callable[[Subject], float | None]) -> Metric[Subject]:
    """A gauge of a subject; it vanishes with the subject's process."""
    return Metric(name, "gauge", text, lambda subject: one(read(subject) if subject.state.up else None), ("driver",))


def levels(name: str, label: str, text: str, read: Callable[[Subject], Mapping[str, float]]) -> Metric[Subject]:
    return Metric(
        name, "gauge", text, lambda subject: each(read(subject) if subject.state.up else {}), ("driver", label)
    )


def one(value: float | None) -> Iterable[Series]:
    return () if value is None else (((), value),)


def each(values: Mapping[str, float]) -> Iterable[Series]:
    return [((key,), value) for key, value in values.items()]


def states(current: StrEnum | None, known: type[StrEnum]) -> Iterator[Series]:
    """A state set with a state per member, of which the current one holds; a label has no blanks."""
    yield (), {state.replace(" ", "_"): state is current for state in known}


def seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
