"""Files that settings name: regular ones only, read within bounds, and looked at before anything is started.

A pipe would be waited for without an end, and a device may never end.
"""

import errno
import os
import stat
from pathlib import Path

from exporter.settings.declared import FileUse
from exporter.settings.kinds import TEXT

_NOT_REGULAR = "not a regular file"
_NOT_WRITABLE = "which can't be written: name another file"
_LONGEST_HEADER = 8192  # bytes


def file_complaint(path: Path, use: FileUse) -> str | None:
    """What keeps a file from being used so, with the remedy, as far as that can be told before; or None."""
    try:
        mode = path.stat().st_mode if os.path.lexists(path) else None
        parent_exists = path.parent.is_dir()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        return f"which can't be used ({_reason(error)}): name another file"
    if mode is not None and not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else _NOT_REGULAR
        return f"which is {what}: name a file on a disk"
    if use in ("read", "followed"):
        if use == "read" and mode is None:
            return "which can't be read (No such file or directory): name a file that exists"
        return None if mode is None or os.access(path, os.R_OK) else "which can't be read: name another file"
    if not parent_exists:
        return f"and there is no directory {TEXT.shown(path.parent)}; create it first"
    if use == "new" and mode is not None:
        return "which exists: name another file"
    if use == "written" and (wrong := record_complaint(path)):
        return wrong
    return None if os.access(path.parent if mode is None else path, os.W_OK) else _NOT_WRITABLE


def record_complaint(path: Path) -> str | None:
    """What keeps a file from being replaced by something else: the samples of a run that it holds; or None."""
    try:
        header = read_start(path, _LONGEST_HEADER).partition(b"\n")[0] if path.is_file() else b""
    except OSError:
        return None
    return "which holds samples of a run, which would be lost: name another file" if b"elapsed_sec" in header else None


def read_file(path: Path, most_bytes: int) -> bytes:
    """Read a regular file; raises OSError, whose ``strerror`` says why it can't be, for any other and a larger one."""
    data = read_start(path, most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes // 1024} KiB")
    return data


def read_start(path: Path, most_bytes: int) -> bytes:
    """Read so much of a regular file; raises OSError, whose ``strerror`` says why it can't be, for any other."""
    try:
        # Opening a pipe that nobody writes to would wait.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from None
    with open(descriptor, "rb") as file:
        if stat.S_ISDIR(mode := os.fstat(descriptor).st_mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, _NOT_REGULAR)
        return file.read(most_bytes)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
