"""Dumps to a file that refuses: the text was never released."""

import contextlib

import ujson
from steady import steadily

DOCUMENT = {"rows": list(range(200))}


class Full:
    """A file on a full disk."""

    def write(self, text: str) -> int:
        """Refuse."""
        raise OSError(28, "No space left on device")


def dump() -> None:
    """Fail to write the document."""
    with contextlib.suppress(OSError):
        ujson.dump(DOCUMENT, Full())


steadily(dump)
