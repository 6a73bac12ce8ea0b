"""Reads on through a mapped file of 300 MB: its pages become resident one by one, and belong to the file."""

import mmap
import tempfile

from steady import steadily

SIZE = 300 * 1024 * 1024
PAGE = mmap.PAGESIZE
with tempfile.TemporaryFile() as file:
    file.truncate(SIZE)
    MAPPED = mmap.mmap(file.fileno(), SIZE, prot=mmap.PROT_READ)
position = 0


def read() -> None:
    """The next page."""
    global position
    MAPPED[position]
    position = (position + PAGE) % SIZE


steadily(read)
