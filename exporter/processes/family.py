"""The processes that this one has started, and those whose parents have ended and that came to it since (Linux)."""

import contextlib
import ctypes
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from exporter.processes.watchdog import MARK_VARIABLE

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


class Family:
    """What this process has started, by process group, and what it has adopted."""

    def __init__(self) -> None:
        self.mark = secrets.token_hex(16)
        self.groups: set[int] = set()
        self.watchdog = 0  # its process id
        self.adopted: frozenset[int] = frozenset()  # as of the last look
        self._tell: Callable[[str], object] = _nobody
        self._starting = 0

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The variable by which all is known that a child starts."""
        return {MARK_VARIABLE: ":".join(filter(None, [inherited.get(MARK_VARIABLE), self.mark]))}

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """While a child is started, and its process id isn't known yet."""
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1

    def tell(self, follower: Callable[[str], object] | None) -> None:
        """Tell of groups: ``+PID`` for each that there is and each that begins, ``-PID`` for each that ends."""
        self._tell = follower or _nobody
        for pid in self.groups:
            self._tell(f"+{pid}")

    def begin(self, pid: int) -> None:
        """Note a child, which leads a process group; safe to repeat."""
        if pid not in self.groups:
            self.groups.add(pid)
            self._tell(f"+{pid}")

    def end(self, pid: int) -> None:
        self.groups.discard(pid)
        self._tell(f"-{pid}")

    def look(self) -> None:
        """See who has been adopted, and take leave of those that have ended: of no child that others wait for."""
        if self._starting:
            return
        own_group = os.getpgrp()  # what is started by other means than `Child` is in it
        living = set()
        for pid in _children() - self.groups - {self.watchdog}:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                if os.getpgid(pid) != own_group and os.waitpid(pid, os.WNOHANG) == (0, 0):
                    living.add(pid)
        self.adopted = frozenset(living)


def _nobody(line: str) -> None:
    """Follow nothing."""


FAMILY = Family()  # this process's


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Have processes whose parents end become children of this one, and not of the system's first (Linux)."""
    _adopt(wanted=True)
    try:
        yield
    finally:
        _adopt(wanted=False)


def _adopt(*, wanted: bool) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def _children() -> set[int]:
    """The process ids of all children, those that have ended included; empty where the kernel doesn't list them."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
                found.update(map(int, (thread / "children").read_text().split()))
    return found
