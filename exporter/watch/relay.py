"""What a program prints, passed on to a stream that may be slow, stuck or gone."""

import queue
import threading
from contextlib import suppress
from typing import BinaryIO

# Of chunks of 64 KiB at most, as a pipe hands them over.
MOST_WAITING = 64
_DRAIN_SECONDS = 2.0


class Relay:
    """Writes from a thread of its own, if there is a stream.

    A reader that has gone away, or reads no more, costs output and nothing else.
    """

    def __init__(self, stream: BinaryIO | None) -> None:
        self._stream = stream
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._write, name="relay", daemon=True)
        if stream is not None:
            self._thread.start()

    def pass_on(self, data: bytes) -> None:
        if self._stream is not None:
            with suppress(queue.Full):
                self._waiting.put_nowait(data)

    def close(self) -> None:
        """Write what still waits, within a few seconds."""
        if self._stream is None:
            return
        with suppress(queue.Full):
            self._waiting.put(None, timeout=_DRAIN_SECONDS)
            self._thread.join(_DRAIN_SECONDS)

    def _write(self) -> None:
        assert self._stream is not None
        while (data := self._waiting.get()) is not None:
            with suppress(OSError, ValueError):
                self._stream.write(data)
                self._stream.flush()
