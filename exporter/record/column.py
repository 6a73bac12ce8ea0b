"""What a column of the record is: all that is said of it anywhere is said in its declaration.

The declarations are in `exporter.record.columns`, those of probes in the probes' own files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exporter.record.state import SubjectState

Cell = int | float | str | datetime | None  # None where the subject has no such figure


class Unit(StrEnum):
    """What a column counts; the last two are of what is worked out from columns."""

    BYTES = "bytes"
    COUNT = "count"
    SECONDS = "s"
    FLAG = "0 or 1"
    TEXT = "text"
    TIME = "RFC 3339, UTC"
    PER_MINUTE = "per minute"
    SHARE = "share"


class Series(Enum):
    """What the verdict takes a column for."""

    RESIDENT = "resident memory"
    RESIDENT_PART = "what of resident memory is the subject's doing"
    HEAP = "the sum of the subject's heaps"
    PART = "one of the subject's heaps"
    COUNT = "what a leak may leave behind, one by one"


class Group(Enum):
    """The charts of a report, and the part of its tables, that a column belongs to."""

    MEMORY = "the two figures of the whole"
    HEAPS = "the heaps"
    OTHER_MEMORY = "what else is told of memory"
    ALLOCATOR = "what the allocator holds"
    PROCESS = "descriptors and threads"
    KINDS = "descriptors by kind"
    OBJECTS = "objects of the program and of the SDK"
    LOAD = "payments"
    SCENARIOS = "what the scenarios did"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a sample is made of: the subject's state, what the probes have read by column, and how the load was."""

    at: datetime
    elapsed_seconds: float
    state: "SubjectState"
    probed: Mapping[str, int | None]
    settled: bool
    trimmed: bool


Read = Callable[[Moment], Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``read`` finds its cell; it is None for one that only other harnesses write.

    ``meaning`` is a sentence and ``note`` what the reference adds to it. ``title`` and ``group`` are for reports, which
    leave out a column without a group. ``label`` is what the series is called in a sentence, ``part`` the same in a
    list of changes, ``side`` where it is that it grows, and ``whose`` what that says of the SDK and its binding.
    ``rises`` marks a counter that only rises, and ``each`` what one of it is called where growth is told per one.
    """

    name: str
    unit: Unit
    meaning: str
    read: Read | None = None
    title: str = ""
    group: Group | None = None
    series: Series | None = None
    label: str = ""
    part: str = ""
    side: str = ""
    whose: str = ""
    note: str = ""
    rises: bool = False
    each: str = ""

    @property
    def is_bytes(self) -> bool:
        return self.unit is Unit.BYTES

    @property
    def operation(self) -> str:
        """What growth is told per, in snake case; empty where it is told per nothing."""
        return self.each.replace(" ", "_")


def probed(name: str) -> Read:
    """Read what the probe of the column ``name`` has found."""
    return lambda moment: moment.probed[name]


def counted(probe: str, kind: str) -> Read:
    """Read one kind of what a counting probe has found."""
    return lambda moment: moment.state.counted.get(probe, {}).get(kind) if moment.state.up else None


def told(figure: Callable[["SubjectState"], int | None]) -> Read:
    """Read what the subject has told of itself; nothing once it is gone."""
    return lambda moment: figure(moment.state) if moment.state.up else None


def done(figure: Callable[["SubjectState"], int]) -> Read:
    """Read what the load has done to the subject, which stays when the subject is gone."""
    return lambda moment: figure(moment.state)
