"""Cut a stream of bytes into lines in bounded memory."""

from collections.abc import Callable

MAX_LINE_BYTES = 1_048_576  # of a message: of a driver, of the network, of the live verdict


class LineSplitter:
    """Collects chunks and gives back whole lines without their newline.

    A line longer than ``max_bytes`` is thrown away as it comes, and ``on_overlong`` is called for it, so that a writer
    that never ends its line costs no memory.
    """

    def __init__(self, max_bytes: int, on_overlong: Callable[[], None] | None = None) -> None:
        self._max_bytes = max_bytes
        self._on_overlong = on_overlong
        self._start = bytearray()
        self._discarding = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk; return the lines that it completes, so that whoever fails at one can go on with the next."""
        *ended, rest = chunk.split(b"\n")
        lines = []
        for piece in ended:
            self._append(piece)
            lines += self._take()
        self._append(rest)
        return lines

    def flush(self) -> list[bytes]:
        """Return what was left without a newline at the end of the stream, if anything."""
        return self._take() if self._start else []

    def _take(self) -> list[bytes]:
        lines = [] if self._discarding else [bytes(self._start)]
        self._start.clear()
        self._discarding = False
        return lines

    def _append(self, piece: bytes) -> None:
        if self._discarding:
            return
        if len(self._start) + len(piece) > self._max_bytes:
            self._discarding = True
            self._start.clear()
            if self._on_overlong is not None:
                self._on_overlong()
        else:
            self._start += piece
