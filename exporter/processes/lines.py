"""Cut a stream of bytes into lines in bounded memory."""

from collections.abc import Iterator


class LineSplitter:
    """Collects chunks and gives back whole lines without their newline.

    A line longer than ``max_bytes`` is thrown away as it comes and counted in ``overlong``, so that a writer
    that never ends its line costs no memory.
    """

    def __init__(self, max_bytes: int) -> None:
        self.overlong = 0
        self._max_bytes = max_bytes
        self._start = bytearray()
        self._discarding = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take a chunk; yields the lines that it completes."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._append(piece)
            if not self._discarding:
                yield bytes(self._start)
            self._start.clear()
            self._discarding = False
        self._append(rest)

    def flush(self) -> Iterator[bytes]:
        """Yield what was left without a newline at the end of the stream."""
        if self._start and not self._discarding:
            yield bytes(self._start)
        self._start.clear()

    def _append(self, piece: bytes) -> None:
        if self._discarding:
            return
        if len(self._start) + len(piece) > self._max_bytes:
            self.overlong += 1
            self._discarding = True
            self._start.clear()
        else:
            self._start += piece
