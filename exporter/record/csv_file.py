"""The CSV file of a run: append-only, every row on disk before the next sample.

A row is one write to a file opened for appending. A write that the disk refuses, wholly or in part, is taken back,
so that whatever happens the file is whole rows, but for the last one after a kill in the middle of a write.
"""

import contextlib
import fcntl
import os
import shutil
import stat
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO, Self

from exporter.errors import ConfigError
from exporter.record.column import Cell
from exporter.record.columns import COLUMNS
from exporter.record.sample import Sample
from exporter.settings.observation import ExistingCsv

HEADER = ",".join(COLUMNS) + "\n"

# Opening a pipe that nobody reads would wait.
_FLAGS = os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class CsvSink:
    """An open CSV file; ``write`` raises OSError when the row could not be stored, and may be called again.

    A file that others remove or rename meanwhile is made anew, with all its rows.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self.path = path  # of the file that is made anew, it may be another
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._missing = False  # the file has no name any more, and can't have one
        self.begin = self._size  # where the rows of this run begin

    @classmethod
    def open(cls, path: Path, existing: ExistingCsv) -> Self:
        """Create ``path``, or go on with it, or replace it; raises ConfigError with the remedy.

        A file that is empty holds nothing to lose. The file is locked: two runs never write one.
        """
        try:
            descriptor = os.open(path, _FLAGS, 0o644)
        except FileNotFoundError:
            raise ConfigError(f"csv {path}: there is no directory {path.parent}; create it first") from None
        except OSError as error:
            raise ConfigError(f"csv {path} can't be written: {error.strerror}; name another file") from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigError(f"csv {path} is not a regular file: name a file on a disk")
            if _is_printed_to(descriptor):
                raise ConfigError(f"csv {path} is where this program prints: name another file")
            _make_ready(descriptor, path, existing)
            return cls(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise

    @property
    def readable(self) -> Path:
        """Where the rows can be read, also by a child process: the file, or what is left of it without a name."""
        return self.path if self._is_there() else Path(f"/proc/{os.getpid()}/fd/{self._descriptor}")

    def write(self, sample: Sample) -> str:
        """Append one row and wait until it is on disk; raises OSError, with the file as it was before.

        Return what others have done to the file since the last row, and what follows; usually the empty text.
        """
        news = self._look_after_the_file()
        row = format_row(sample)
        if self._size == 0:
            row = HEADER + row
        self._append(row.encode())
        return news

    def close(self) -> None:
        os.close(self._descriptor)

    def _is_there(self) -> bool:
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        except OSError:
            return False

    def _look_after_the_file(self) -> str:
        size = os.fstat(self._descriptor).st_size
        if size < self._size:
            with open(self._descriptor, "rb", closefd=False) as stream:
                self._size = _end_of_last_line(stream, size)
            os.ftruncate(self._descriptor, self._size)
            self.begin = min(self.begin, self._size)
            return f"csv {self.path} was cut short by somebody else: rows are lost; the run goes on with what is left"
        if self._is_there():
            self._missing = False
            return ""
        old = self.path
        try:
            self._make_anew()
        except OSError as error:
            news = (
                f"csv {old} was removed or renamed, and can't be made anew: {error.strerror}; its rows end with the run"
            )
            news, self._missing = "" if self._missing else news, True
            return news
        return f"csv {old} was removed or renamed: it is made anew as {self.path}, with all its rows"

    def _make_anew(self) -> None:
        """Copy all rows to a new file of the same name, or of one like it where another file has that."""
        descriptor, path = _new_file(self.path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with open(self._descriptor, "rb", closefd=False) as old, open(descriptor, "wb", closefd=False) as new:
                old.seek(0)
                shutil.copyfileobj(old, new)
        except BaseException:
            os.close(descriptor)
            os.unlink(path)
            raise
        os.close(self._descriptor)
        self._descriptor, self.path = descriptor, path

    def _append(self, data: bytes) -> None:
        size = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, data)
            if written < len(data):
                # The disk took a part: the next write of the rest says why it takes no more.
                written += os.write(self._descriptor, data[written:])
            if written < len(data):
                raise OSError(f"only {written} of {len(data)} bytes could be written")
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, size)
            raise
        self._size = size + len(data)


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


def _is_printed_to(descriptor: int) -> bool:
    """Whether it is the file behind standard output or error, as /dev/stdout names it."""
    for number in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.sameopenfile(descriptor, number):
                return True
    return False


def _new_file(path: Path) -> tuple[int, Path]:
    for number in count():
        wanted = path.with_name(f"{path.stem}-{number}{path.suffix}") if number else path
        with contextlib.suppress(FileExistsError):
            return os.open(wanted, _FLAGS | os.O_EXCL, 0o644), wanted
    raise AssertionError  # there is always a free name


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
