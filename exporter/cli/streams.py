"""Standard output and error that a run can rely on: whatever text, whoever reads, nothing printed ends it."""

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


def guard_streams() -> None:
    """Have both streams take text of any alphabet, and go on when they can't be written.

    A character that their encoding doesn't have becomes a question mark. A stream that was closed before the start
    leads nowhere: otherwise the next file to be opened would get its number, and what is printed. One that a caller has
    put in the place of the process's own is the caller's affair.
    """
    if sys.stdout is sys.__stdout__:
        sys.stdout = _guarded(1, sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _guarded(2, sys.stderr)


def _guarded(number: int, stream: TextIO | None) -> io.TextIOWrapper:
    if stream is None:
        _lead_nowhere(number)
    raw = _Unfailing(number)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding if stream is not None else "utf-8",
        errors="replace",
        line_buffering=number == 2 or raw.isatty(),
    )


class _Unfailing(io.RawIOBase):
    """A descriptor whose first failure is the last: from then on it leads nowhere."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def writable(self) -> bool:
        return True

    def write(self, data: "Buffer", /) -> int:
        while True:
            try:
                return os.write(self._number, data)
            except BlockingIOError:  # somebody has made it so
                select.select([], [self._number], [])
            except OSError as error:
                _lead_nowhere(self._number)
                # A reader that has gone away, as `head` does, has had what it wanted.
                if error.errno != errno.EPIPE and self._number == 1:
                    sys.stderr.write(f"standard output can't be written: {error.strerror}; going on without it\n")


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
