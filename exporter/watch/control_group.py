"""A control group as the program that is watched: every process in it and in the groups below, as they come and go.

Both versions of control groups are read (kernel documentation, ``cgroup-v2.rst`` and ``cgroup-v1/memory.rst``).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil

from exporter.checked import NAME_LENGTH, UnreadableError, printable
from exporter.errors import ConfigError
from exporter.record.memory_limit import CGROUPS
from exporter.record.told import Told
from exporter.watch.formats import parse_anonymous_memory
from exporter.watch.program import POLL_SECONDS, Ending, runs

_MEMBERS = "cgroup.procs"
_MOST_NAMED = 3


class ControlGroup:
    """A group's processes, the oldest of which counts as the program's own. Nothing of it is ever ended.

    The watch ends when the group is removed; when its processes have made way for others, that is a restart.
    Raises ConfigError if there is no such group, or no process in it.
    """

    def __init__(self, wanted: str, root: Path = CGROUPS) -> None:
        self.directory = find_group(wanted, root)
        self.name = printable(self.directory.name, NAME_LENGTH)
        self._here = processes_of(self.directory)
        if not self._here:
            raise ConfigError(f"cgroup {self.directory} has no process that can be seen from here; see its {_MEMBERS}")
        self.began: float | None = self._here[0].create_time()

    async def start(self) -> int:
        return self._here[0].pid

    async def ended(self, on_process: Callable[[int | None], None]) -> Ending:
        while self.directory.is_dir():
            before, self._here = self._here, processes_of(self.directory)
            if before and not set(before) & set(self._here):
                on_process(None)
            if self._here and self._here[0] not in before[:1]:
                on_process(self._here[0].pid)
            await asyncio.sleep(POLL_SECONDS)
        return Ending("the control group is gone; how its processes ended is not known here", failed=False)

    def others(self, process: psutil.Process) -> list[psutil.Process]:
        return [each for each in processes_of(self.directory) if each.pid != process.pid]

    def members(self) -> list[psutil.Process]:
        return processes_of(self.directory)

    async def stop(self) -> None:
        """Nothing: it was not started here."""

    def kill(self) -> None:
        """Nothing: it was not started here."""


class GroupMemorySource:
    """What the kernel has charged to the group: ``current`` in all, and ``anon``, which is no file's."""

    name: ClassVar[str] = "cgroup"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> Told:
        for name in ("memory.current", "memory.usage_in_bytes"):
            with suppress(FileNotFoundError):
                current = int((self._directory / name).read_text())
                anonymous = parse_anonymous_memory((self._directory / "memory.stat").read_text())
                return Told(group_bytes={"current": current, "anon": anonymous})
        raise UnreadableError(f"{self._directory} has no memory.current; its memory is not accounted")


def find_group(wanted: str, root: Path = CGROUPS) -> Path:
    """A group's directory, by its path, its path below ``root``, or a part of its name that no other has.

    Raises ConfigError for none and for several.
    """
    # Where both versions are mounted, groups are listed once for each controller.
    trees = [root] if _is_group(root) else [root / name for name in ("memory", "unified", "systemd")]
    for path in (Path(wanted).absolute(), *(tree / wanted.lstrip("/") for tree in trees)):
        if _is_group(path):
            return path
    for tree in trees:
        named = [file.parent for file in tree.rglob(_MEMBERS) if wanted in file.parent.name]
        found = [group for group in named if group.name == wanted] or named
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(str(group.relative_to(tree)) for group in sorted(found)[:_MOST_NAMED])
            raise ConfigError(f"cgroup is {wanted!r}, of which there are {len(found)}, {some}, …: name one of them")
    raise ConfigError(f"cgroup is {wanted!r}: there is no such control group below {root}; see `systemd-cgls`")


def processes_of(directory: Path) -> list[psutil.Process]:
    """The processes of a group and of those below it, the oldest first."""
    created: dict[psutil.Process, float] = {}
    for file in directory.rglob(_MEMBERS):
        # A group may be removed meanwhile, and one of threads lists no processes.
        with suppress(OSError):
            for pid in map(int, file.read_text().split()):
                with suppress(psutil.Error):
                    process = psutil.Process(pid)
                    # One of a namespace that can't be seen from here is listed as 0.
                    if pid and runs(process):
                        created[process] = process.create_time()
    return sorted(created, key=created.__getitem__)


def _is_group(path: Path) -> bool:
    return (path / _MEMBERS).is_file()
