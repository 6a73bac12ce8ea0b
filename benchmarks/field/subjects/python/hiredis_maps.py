"""Reads replies that are maps: keys and values were kept."""

import hiredis
from steady import steadily

REPLY = b"%4\r\n" + b"".join(b"$5\r\nfield\r\n$60\r\n" + bytes([65 + index]) * 60 + b"\r\n" for index in range(4))
READER = hiredis.Reader()


def read() -> None:
    """One reply."""
    READER.feed(REPLY)
    READER.gets()


steadily(read)
