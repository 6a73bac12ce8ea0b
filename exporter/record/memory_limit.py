"""How much memory the subject can have: what the machine has, or less where a control group says so."""

import time
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath

import psutil

CGROUPS = Path("/sys/fs/cgroup")
LOOKED_UP_EVERY_SECONDS = 30


@cache
def machine_memory_bytes() -> int:
    """Return what the machine has, in bytes: more than that is in no process's memory."""
    return psutil.virtual_memory().total


def memory_limit_bytes(pid: int | None = None) -> int:
    """Return the least of the machine's memory and the limits of a process's control groups, in bytes.

    Without a process, this one's: a subject that it has started is in the same groups, unlike one that is watched.
    Looked up twice a minute: limits hardly ever change, and finding them takes as long as the rest of a scrape.
    """
    return _limit_in(int(time.monotonic() // LOOKED_UP_EVERY_SECONDS), pid)


@lru_cache(maxsize=8)
def _limit_in(_period: int, pid: int | None) -> int:
    membership = Path(f"/proc/{pid or 'self'}/cgroup")
    return min([machine_memory_bytes(), *group_limits(membership, CGROUPS)])


def group_limits(membership: Path, groups: Path) -> list[int]:
    """Return the limits, in bytes, of the groups that ``membership`` names and of those around them.

    Both versions of control groups are read. In a container the root of ``groups`` is the container's own group.
    """
    texts = [_text(file) for line in _text(membership).splitlines() for file in _limit_files(line, groups)]
    return [int(text) for text in texts if text.isdigit()]  # "max" is no limit


def _limit_files(line: str, groups: Path) -> Iterator[Path]:
    """Yield where the limits of a line of the membership are, ``hierarchy:controllers:group``."""
    _, controllers, group = line.split(":", 2)
    if controllers == "":
        root, name = groups, "memory.max"
    elif "memory" in controllers.split(","):
        root, name = groups / "memory", "memory.limit_in_bytes"
    else:
        return
    inside = PurePosixPath(group.lstrip("/"))
    for each in (inside, *inside.parents):
        yield root / each / name


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:  # not on Linux; or the root group, which has no such file
        return ""
