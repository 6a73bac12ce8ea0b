"""A Go program tells its heap itself, if it serves net/http/pprof or expvar: where it listens, that is asked for, once.

Nothing is put into it. Only what was built by Go is asked: it is told by what Go writes into its programs for
``go version`` (package debug/buildinfo).
"""

import logging
import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import ClassVar

import psutil

from exporter.record.told import Told
from exporter.watch.sources import ExpvarSource, PprofSource, Source

_BUILT_BY_GO = b"\xff Go buildinf:"
_HERE = {"127.0.0.1": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::1": "[::1]", "::": "127.0.0.1"}  # noqa: S104  heard there

_log = logging.getLogger(__name__)


@cache
def built_by_go(program: str) -> bool:
    """Whether a program's file was made by Go; raises OSError, ValueError for one that can't be read."""
    with open(program, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return whole.find(_BUILT_BY_GO) >= 0


class GoSource:
    """The pages of the first Go program among ``members`` that serves them; nothing is told while there is none."""

    name: ClassVar[str] = "go"

    def __init__(
        self, members: Callable[[], Sequence[psutil.Process]], is_go: Callable[[str], bool] = built_by_go
    ) -> None:
        self._members = members
        self._is_go = is_go
        self._asked: set[tuple[int, str]] = set()
        self._found: tuple[psutil.Process, Source] | None = None

    def read(self) -> Told:
        if self._found is None or not self._found[0].is_running():
            self._found = next(self._look(), None)
        return Told() if self._found is None else self._found[1].read()

    def _look(self) -> Iterator[tuple[psutil.Process, Source]]:
        for process in self._members():
            with suppress(psutil.Error, OSError, ValueError):
                if self._is_go(os.readlink(f"/proc/{process.pid}/exe")):
                    for url in _urls(process):
                        yield from ((process, source) for source in self._ask(process.pid, url))

    def _ask(self, pid: int, url: str) -> Iterator[Source]:
        """The pages that are served there; no port is asked twice."""
        if (pid, url) in self._asked:
            return
        self._asked.add((pid, url))
        for source in (PprofSource(url), ExpvarSource(url)):
            with suppress(OSError, ValueError):
                source.read()
                _log.info("the heap of process %d is read by %s at %s", pid, source.name, url)
                yield source


def _urls(process: psutil.Process) -> list[str]:
    """Where a process listens that can be reached from here without a network."""
    sockets = process.net_connections(kind="tcp")
    listening = [each.laddr for each in sockets if each.status == psutil.CONN_LISTEN and each.laddr.ip in _HERE]
    return sorted({f"http://{_HERE[address.ip]}:{address.port}" for address in listening})
