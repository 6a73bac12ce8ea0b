"""The CSV file of a run: append-only, every row on disk before the next sample.

A row is one write to a file opened for appending. A write that the disk refuses, wholly or in part, is taken back,
so that whatever happens the file is whole rows, but for the last one after a kill in the middle of a write.
"""

import fcntl
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

from exporter.errors import ConfigError
from exporter.record.column import Cell
from exporter.record.columns import COLUMNS
from exporter.record.sample import Sample
from exporter.settings.observation import ExistingCsv

HEADER = ",".join(COLUMNS) + "\n"


class CsvSink:
    """An open CSV file; ``write`` raises OSError when the row could not be stored, and may be called again."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._header_due = not self._is_file or os.fstat(descriptor).st_size == 0

    @classmethod
    def open(cls, path: Path, existing: ExistingCsv) -> Self:
        """Create ``path``, or go on with it, or replace it; raises ConfigError with the remedy.

        A file that is empty holds nothing to lose. The file is locked: two runs never write one.
        """
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:
            raise ConfigError(f"csv {path}: there is no directory {path.parent}; create it first") from None
        except OSError as error:
            raise ConfigError(f"csv {path} can't be written: {error.strerror}; name another file") from error
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                _make_ready(descriptor, path, existing)
            return cls(descriptor)
        except BaseException:
            os.close(descriptor)
            raise

    def write(self, sample: Sample) -> None:
        """Append one row and wait until it is on disk; raises OSError, with the file as it was before."""
        row = format_row(sample)
        if self._header_due:
            row = HEADER + row
        self._append(row.encode())
        self._header_due = False

    def close(self) -> None:
        os.close(self._descriptor)

    def _append(self, data: bytes) -> None:
        size = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, data)
            if written < len(data):
                # The disk took a part: the next write of the rest says why it takes no more.
                written += os.write(self._descriptor, data[written:])
            if written < len(data):
                raise OSError(f"only {written} of {len(data)} bytes could be written")
            if self._is_file:
                os.fsync(self._descriptor)
        except OSError:
            if self._is_file:
                os.ftruncate(self._descriptor, size)
            raise


def format_row(sample: Sample) -> str:
    """Return a sample as a CSV line, newline included; no cell needs quotes, a missing figure is empty."""
    return ",".join(_cell(sample.cells[column]) for column in COLUMNS) + "\n"


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value)


def _make_ready(descriptor: int, path: Path, existing: ExistingCsv) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ConfigError(f"csv {path} is being written by another run: name another file") from None
    size = os.fstat(descriptor).st_size
    if size and existing == "refuse":
        raise ConfigError(
            f"csv {path} exists: add --csv-append to go on with it, --csv-overwrite to replace it, or name another file"
        )
    if size and existing == "append":
        _mend(descriptor, path, size)
    if existing == "overwrite":
        os.ftruncate(descriptor, 0)


def _mend(descriptor: int, path: Path, size: int) -> None:
    """Refuse a file of other columns; cut off a last line that a kill has left incomplete."""
    with open(descriptor, "rb", closefd=False) as stream:
        header = stream.readline(len(HEADER))
        if not HEADER.encode().startswith(header):
            raise ConfigError(f"csv {path} has other columns than this version writes: name another file")
        complete = _end_of_last_line(stream, size)
    if complete < size:
        os.ftruncate(descriptor, complete)


def _end_of_last_line(stream: BinaryIO, size: int) -> int:
    """Where the last complete line ends, 0 if there is none; a line is far shorter than a block."""
    block = min(size, 1 << 16)
    stream.seek(size - block)
    return size - block + stream.read(block).rfind(b"\n") + 1
