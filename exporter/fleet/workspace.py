"""The directory of a matrix: which plan it belongs to, and a directory for each cell with all that its run leaves.

DIRECTORY/plan.json            whose cells these are, with the plan
DIRECTORY/cells/3/out.csv      the samples of cell 3; beside it log.txt, report.html, verdict.json
DIRECTORY/cells/3/result.json  what it came to, once it has ended
DIRECTORY/report.html          the page of all
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from exporter.errors import ConfigError
from exporter.fleet.cells import Cell, cells_of, fingerprint
from exporter.fleet.plan import Plan, parse_plan
from exporter.fleet.result import Result, decode, encode
from exporter.settings.files import read_file
from exporter.settings.kinds import TEXT
from exporter.whole_files import write_whole

PLAN = "plan.json"
CSV, LOG, REPORT, VERDICT, RESULT = "out.csv", "log.txt", "report.html", "verdict.json", "result.json"
_MOST_BYTES = 64 * 1024
_MOST_PLAN_BYTES = 4 * 1024 * 1024
_ANOTHER = "name another directory with --output, or remove this one"


class _Belonging(msgspec.Struct, frozen=True):
    name: str
    cells: str  # their fingerprint
    plan: msgspec.Raw = msgspec.Raw(b"{}")


def plan_of(data: bytes) -> Plan:
    """The plan in a directory's file of it; raises ConfigError."""
    try:
        return parse_plan(bytes(msgspec.json.decode(data, type=_Belonging).plan))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ConfigError(f"it is no {PLAN} of a matrix") from None


class Workspace:
    """The directory of a plan's cells."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        self.directory = directory
        self.plan = plan
        self.cells: Sequence[Cell] = cells_of(plan)
        self.fingerprint = fingerprint(self.cells)

    def cell(self, number: int) -> Cell:
        """The cell of a number; raises ConfigError if there is none."""
        if number >= len(self.cells):
            raise ConfigError(f"cell is {number}: the plan has the cells 0 to {len(self.cells) - 1}")
        return self.cells[number]

    def open(self) -> None:
        """Make the directory, or take the one that has this plan's cells; raises ConfigError for any other."""
        shown, path = TEXT.shown(self.directory), self.directory / PLAN
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                if any(self.directory.iterdir()):
                    raise ConfigError(f"output is {shown}, which has files and no {PLAN}: {_ANOTHER}")
                self.mark()
            found = msgspec.json.decode(read_file(path, _MOST_PLAN_BYTES), type=_Belonging)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ConfigError(f"output is {shown}, whose {PLAN} is no plan's: {_ANOTHER}") from None
        except OSError as error:
            raise ConfigError(f"output is {shown}, which can't be used ({error.strerror}): name another") from None
        if found.cells != self.fingerprint:
            raise ConfigError(
                f"output is {shown}, which has the cells of another plan, or of this one as it was: {_ANOTHER}"
            )

    def mark(self) -> None:
        """Write whose cells are in the directory, whatever it says of that; raises OSError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        belonging = _Belonging(self.plan.name, self.fingerprint, msgspec.Raw(msgspec.json.encode(self.plan)))
        write_whole(self.directory / PLAN, msgspec.json.encode(belonging).decode())

    def place(self, cell: Cell) -> Path:
        """The directory of a cell."""
        return self.directory / "cells" / str(cell.number)

    @contextlib.contextmanager
    def claimed(self, cell: Cell) -> Iterator[int]:
        """The directory of a cell, for nobody else meanwhile, with a new log, whose descriptor is given.

        Raises ConfigError when another process runs the cell, or the directory can't be made.
        """
        place = self.place(cell)
        try:
            place.mkdir(parents=True, exist_ok=True)
            log = os.open(place / LOG, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise ConfigError(f"cell {cell.number}: can't write into {place}: {error.strerror}") from None
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(log)
            raise ConfigError(
                f"cell {cell.number} is being run by another process: wait for it, or name another --output"
            ) from None
        try:
            os.ftruncate(log, 0)
            for name in (CSV, REPORT, VERDICT, RESULT):
                (place / name).unlink(missing_ok=True)
            yield log
        finally:
            os.close(log)

    def keep(self, cell: Cell, result: Result) -> None:
        """Write a result; raises OSError."""
        write_whole(self.place(cell) / RESULT, encode(result).decode())

    def result(self, cell: Cell) -> Result | None:
        """The result of a cell, or None where there is none that can be read."""
        try:
            found = decode(read_file(self.place(cell) / RESULT, _MOST_BYTES))
        except (OSError, ValueError):
            return None
        return found if found.belongs_to(self.fingerprint, cell) else None

    def is_done(self, cell: Cell) -> bool:
        """Whether a cell need not be run again."""
        result = self.result(cell)
        return result is not None and result.final

    def results(self) -> dict[int, Result]:
        """The results that there are, by cell."""
        found = ((cell.number, self.result(cell)) for cell in self.cells)
        return {number: result for number, result in found if result is not None}
