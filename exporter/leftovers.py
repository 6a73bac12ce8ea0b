"""What is on the disk for a while only, and what of it killed processes have left behind.

Each such file and directory is locked as long as the process lives that made it. One that can be locked is nobody's any
more, and whoever makes the next one of its kind removes it.
"""

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK = ".lock"  # in a directory; a file is its own lock
_RANDOM = re.compile(r"[a-z0-9_]{8}")  # what `tempfile` puts after a prefix


@contextlib.contextmanager
def held_directory(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A directory that is gone afterwards, in ``parent`` or where temporary ones are; raises OSError.

    Those of the same prefix that killed processes of this user have left there go first.
    """
    place = parent or Path(tempfile.gettempdir())
    remove_abandoned(place, prefix)
    directory, lock = _new_directory(place, prefix)
    try:
        yield directory
    finally:
        remove_directory(directory)
        os.close(lock)


def held_file(prefix: str, parent: Path) -> tuple[int, Path]:
    """Make a file, and return its descriptor, which holds it; raises OSError. Those left there before go first."""
    remove_abandoned(parent, prefix)
    while True:
        descriptor, name = tempfile.mkstemp(prefix=prefix, dir=parent)
        if _is_held(descriptor, Path(name)):
            return descriptor, Path(name)
        os.close(descriptor)


def remove_directory(directory: Path) -> None:
    """Remove as much of a held directory as can be, its lock last: what is left can be recognised then."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.name != LOCK:
                os.unlink(entry.path)
        os.unlink(directory / LOCK)
        os.rmdir(directory)


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove what processes of this user have made here with that prefix, and hold no longer."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(parent):
            if entry.name.startswith(prefix) and _RANDOM.fullmatch(entry.name.removeprefix(prefix)):
                with contextlib.suppress(OSError):
                    _remove_unless_held(Path(entry.path))


def _remove_unless_held(path: Path) -> None:
    found = path.lstat()
    if found.st_uid != os.geteuid() or not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
        return
    lock = path / LOCK if stat.S_ISDIR(found.st_mode) else path
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        os.rmdir(path)  # its maker ended before it had a lock, or makes another one
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if lock == path:
            os.unlink(path)
        else:
            remove_directory(path)
    finally:
        os.close(descriptor)


def _new_directory(place: Path, prefix: str) -> tuple[Path, int]:
    while True:
        directory = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        try:
            descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # taken for one that was left behind
            continue
        if _is_held(descriptor, directory / LOCK):
            return directory, descriptor
        os.close(descriptor)


def _is_held(descriptor: int, path: Path) -> bool:
    """Lock a new file; False if it was taken for one that was left behind, before it was locked."""
    with contextlib.suppress(OSError):  # where there are no locks, nobody removes it
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return path.exists()
