"""A CSV file that is followed while another program writes it."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, ClassVar

from exporter.checked import UnreadableError
from exporter.errors import ConfigError
from exporter.processes.lines import LineSplitter
from exporter.record.told import Told
from exporter.watch.formats import parse_harness_row

MAX_LINE_BYTES = 1 << 16
# Of rows that only the last one counts of: a file of gigabytes takes no longer than one of a megabyte.
MOST_BYTES_READ = 1 << 20
_MARK_BYTES = 256
# A program's start is known to the second.
_START_TOLERANCE_SECONDS = 1.0


class CsvSource:
    """The last whole row of a CSV file counts. The file may come late, start anew, or be replaced by another.

    ``since`` is when the program began, in seconds since the epoch, or None if it is still to be started: rows from
    before are of another run. Raises ConfigError for what is no regular file.
    """

    name: ClassVar[str] = "follow_csv"

    def __init__(self, path: Path, since: float | None = None) -> None:
        self._path = path
        self._file = (0, 0)  # device and inode
        self._position = 0
        self._mark = b""  # what comes before the position
        self._torn = False  # whether a row goes on there
        self._header = self._last = ""
        self._lines = LineSplitter(MAX_LINE_BYTES)
        try:
            status = path.stat()
        except OSError:
            return  # it comes late
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"follow-csv is {path}, which is no regular file: name a file that the program writes")
        if since is None or status.st_mtime < since - _START_TOLERANCE_SECONDS:
            with self._open() as stream:
                self._skip_to(stream, status.st_size)

    @property
    def written(self) -> Path | None:
        """The file, once a row of this run has been read from it."""
        return self._path if self._last else None

    def read(self) -> Told:
        with self._open() as stream:
            status = os.fstat(stream.fileno())
            if self._file != (status.st_dev, status.st_ino) or not self._goes_on(stream, status.st_size):
                self._start_anew()
            self._file = (status.st_dev, status.st_ino)
            if status.st_size - self._position > MOST_BYTES_READ:
                self._skip_to(stream, status.st_size - MOST_BYTES_READ)
            self._read_rows(stream, status.st_size)
        if not self._last:
            raise UnreadableError(f"{self._path} has no row yet of this run")
        return parse_harness_row(self._header, self._last)

    def _open(self) -> BinaryIO:
        # A FIFO that has taken the file's place would hold up the opening.
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        stream = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            stream.close()
            raise UnreadableError(f"{self._path} is no regular file")
        return stream

    def _goes_on(self, stream: BinaryIO, size: int) -> bool:
        """Whether the file is still the one that was read, and not one that was written anew in its place."""
        stream.seek(self._position - len(self._mark))
        return size >= self._position and stream.read(len(self._mark)) == self._mark

    def _skip_to(self, stream: BinaryIO, position: int) -> None:
        """Take the header, and of the rows none that begins before ``position``."""
        status = os.fstat(stream.fileno())
        self._file = (status.st_dev, status.st_ino)
        stream.seek(0)
        header = stream.readline(MAX_LINE_BYTES)
        if not header.endswith(b"\n"):
            return  # it is still being written
        self._header, self._position = _text(header), max(position, len(header))
        self._lines = LineSplitter(MAX_LINE_BYTES)
        self._remember(stream)
        # What goes on with a row from before is no row.
        self._torn = not self._mark.endswith(b"\n")

    def _read_rows(self, stream: BinaryIO, end: int) -> None:
        stream.seek(self._position)
        chunk = stream.read(end - self._position)
        self._position = end
        self._remember(stream)
        if self._torn:
            _, newline, chunk = chunk.partition(b"\n")
            self._torn = not newline
        for line in self._lines.feed(chunk):
            text = _text(line)
            if not self._header:
                self._header = text
            elif text and text != self._header:
                self._last = text

    def _remember(self, stream: BinaryIO) -> None:
        stream.seek(max(self._position - _MARK_BYTES, 0))
        self._mark = stream.read(self._position - stream.tell())

    def _start_anew(self) -> None:
        self._position, self._mark, self._torn = 0, b"", False
        self._header = self._last = ""
        self._lines = LineSplitter(MAX_LINE_BYTES)


def _text(line: bytes) -> str:
    return line.decode("utf-8-sig", "replace").strip()
