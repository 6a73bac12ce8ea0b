"""How much memory the subject can have: what the machine has, or less where a control group says so."""

from pathlib import Path, PurePosixPath

import psutil

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def memory_limit_bytes() -> int:
    """Return the least of the machine's memory and the limits of this process's control groups, in bytes.

    The subject is a child of this process, so that the same limits hold for it, and for all of the run together.
    """
    return min([psutil.virtual_memory().total, *group_limits(MEMBERSHIP, CGROUPS)])


def group_limits(membership: Path, groups: Path) -> list[int]:
    """Return the limits, in bytes, of the version 2 group that ``membership`` names and of the groups around it.

    In a container the root of ``groups`` is the container's own group; without version 2 groups there are none.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:  # not on Linux
        return []
    own = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    if own is None:
        return []
    inside = PurePosixPath(own.lstrip("/"))
    files = [groups / group / "memory.max" for group in (inside, *inside.parents)]
    return [int(text) for text in map(_text, files) if text.isdigit()]


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:  # the root group has no such file
        return ""
