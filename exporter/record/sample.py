"""A sample of the subject: a cell for each column of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from exporter.record.column import Cell, Moment
from exporter.record.columns import COLUMNS, WRITTEN

# With so many samples at rest ends each phase of a load in phases.
READINGS_PER_PHASE = 5
# What two readings of a heap at rest may differ by without anything having grown; see docs/heaps.md.
REPEATABLE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, init=False)
class Sample:
    """One reading of the subject: a cell for each column, ``None`` where the subject has no such figure.

    `exporter.record.columns` says what each column is. Cells are attributes too, and what is not given is ``None``;
    raises TypeError for a column that there is not.
    """

    cells: Mapping[str, Cell]  # in the order of the CSV

    if TYPE_CHECKING:
        timestamp: datetime
        elapsed_sec: float

    def __init__(self, **cells: Cell) -> None:
        unknown = cells.keys() - set(COLUMNS)
        if unknown:
            raise TypeError(f"a sample has no column {', '.join(sorted(unknown))}")
        object.__setattr__(self, "cells", MappingProxyType({name: cells.get(name) for name in COLUMNS}))

    def __getattr__(self, name: str) -> Any:
        if name not in COLUMNS:
            raise AttributeError(f"a sample has no column {name}")
        return self.cells[name]


def sample_of(moment: Moment) -> Sample:
    """Read every column."""
    return Sample(**{column.name: column.read(moment) for column in WRITTEN if column.read is not None})
