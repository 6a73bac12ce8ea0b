"""TCP sockets of the subject by state: connections that nobody closes stay established, or wait to be closed."""

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil

from exporter.record.column import Column, Group, Series, Unit, counted

# enum in the kernel's include/net/tcp_states.h
_STATES = {1: "established", 8: "close_wait", 10: "listen"}
STATES = (*_STATES.values(), "other")
_LEAST_SECONDS = 10.0


def _state(state: str, title: str, meaning: str, *, series: Series | None = None, label: str = "") -> Column:
    read = counted("socket_states", state)
    name = f"sockets_{state}"
    return Column(name, Unit.COUNT, meaning, read, title=title, group=Group.KINDS, series=series, label=label)


class SocketStatesProbe:
    """How many TCP sockets the subject has in each state.

    The kernel walks the table of all connections for it, 10 ms of CPU on a large machine, so a reading is kept for a
    while.
    """

    name: ClassVar[str] = "socket_states"
    columns: ClassVar[tuple[Column, ...]] = (
        _state("established", "TCP established", "Sockets with a connection."),
        _state(
            "close_wait",
            "TCP close-wait",
            "Sockets that the other side has closed and the subject not.",
            series=Series.COUNT,
            label="the number of sockets that only the other side has closed",
        ),
    )
    metric: ClassVar[str] = "memtest_sockets"
    label: ClassVar[str] = "state"
    help: ClassVar[str] = "TCP sockets of the subject by state, as of the last sample or up to 10 s before it."

    def __init__(self) -> None:
        self._kept: tuple[int, float, Mapping[str, int]] | None = None  # process id, when, what

    def read(self, process: psutil.Process) -> Mapping[str, int]:
        now = time.monotonic()
        if self._kept is None or self._kept[0] != process.pid or now - self._kept[1] >= _LEAST_SECONDS:
            self._kept = (process.pid, now, _read_states(process.pid))
        return self._kept[2]


def parse_socket_table(lines: Iterable[str]) -> dict[int, int]:
    """States by inode, from the lines of proc(5)'s ``net/tcp``, its heading first."""
    states = {}
    for line in list(lines)[1:]:
        cells = line.split()
        states[int(cells[9])] = int(cells[3], 16)
    return states


def count_states(inodes: Iterable[int], states: Mapping[int, int]) -> dict[str, int]:
    """Sockets by state; an inode that the table lacks is no TCP socket."""
    counts = dict.fromkeys(STATES, 0)
    for inode in inodes:
        if inode in states:
            counts[_STATES.get(states[inode], "other")] += 1
    return counts


def _read_states(pid: int) -> dict[str, int]:
    states: dict[int, int] = {}
    for table in ("tcp", "tcp6"):
        # A kernel without IPv6 has one table only.
        with suppress(FileNotFoundError), Path(f"/proc/{pid}/net/{table}").open() as lines:
            states |= parse_socket_table(lines)
    return count_states(_socket_inodes(pid), states)


def _socket_inodes(pid: int) -> list[int]:
    inodes = []
    directory = f"/proc/{pid}/fd"
    for descriptor in os.listdir(directory):
        # It may have been closed since it was listed.
        with suppress(FileNotFoundError):
            link = os.readlink(f"{directory}/{descriptor}")
            if link.startswith("socket:["):
                inodes.append(int(link[8:-1]))
    return inodes
