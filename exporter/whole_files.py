"""Files that are there whole or not at all, whatever a full disk or a kill does in between."""

import contextlib
import os
import stat
from pathlib import Path

from exporter.leftovers import held_file


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside, then give it the name, with what was there kept until then; raises OSError.

    What has the name and is no regular file, a device for example, is written to as it is, and so is a file in a
    directory where nothing can be put beside it.
    """
    data = content.encode() if isinstance(content, str) else content
    target = path.resolve()  # a link stays one
    if target.exists() and not (stat.S_ISREG(target.stat().st_mode) and os.access(target.parent, os.W_OK)):
        target.write_bytes(data)
        return
    descriptor, beside = held_file(f".{target.name}.unfinished-", target.parent)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def _umask() -> int:
    """The mode bits that new files of this process lack; asking changes them for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
