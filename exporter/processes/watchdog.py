"""Ends what a run has started, when the run was killed: a process of its own, which lives a moment longer than the run.

It is started by its path, with nothing of this package and little of Python, so that it costs next to nothing. Its
argument is the mark of the run. Its standard input says which process groups there are, ``+PID`` and ``-PID``, and
closes with the run.

What belongs to a run: its process groups, all with its mark in their environment, and what those have started.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator

MARK_VARIABLE = "EXPORTER_OBSERVED_BY"  # of runs that observe one another, inner ones last
LIMIT_SECONDS = 10.0
_PAUSE_SECONDS = 0.02
_DEAD = ("Z", "X")


def relatives(mark: str, roots: Collection[int]) -> set[int]:
    """The processes that live and have the mark, or are among the roots or tied to them; without this one.

    A process is tied to its parent and to the leaders of its group and session, which may have ended. Empty where
    there is no /proc.
    """
    living = dict(_processes())
    found = {*roots, *(pid for pid in living if _is_marked(pid, mark))}
    while further := {pid for pid, ties in living.items() if pid not in found and not found.isdisjoint(ties)}:
        found |= further
    return found & living.keys() - {os.getpid()}


def end_relatives(mark: str, groups: Collection[int]) -> None:
    """Kill all that belong to a run, and what they still start meanwhile; gives up after a while."""
    until = time.monotonic() + LIMIT_SECONDS
    for group in groups:
        send(-group, signal.SIGKILL)
    while (found := relatives(mark, groups)) and time.monotonic() < until:
        for pid in found:
            send(pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, or to a group by its negative; what is gone, or another user's, is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _processes() -> Iterator[tuple[int, tuple[int, int, int]]]:
    """Every process that lives, with its parent, process group and session (proc(5), ``stat``)."""
    with contextlib.suppress(OSError):
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
                # The name in parentheses may hold anything.
                state, *ties = stat.read().rpartition(b")")[2].split()[:4]
                if state.decode() not in _DEAD:
                    yield int(name), (int(ties[0]), int(ties[1]), int(ties[2]))


def _is_marked(pid: int, mark: str) -> bool:
    prefix = f"{MARK_VARIABLE}=".encode()
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as environ:
        return any(
            variable.startswith(prefix) and mark.encode() in variable for variable in environ.read().split(b"\0")
        )
    return False


def _main(mark: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line.startswith("+") else groups.discard)(int(line[1:]))
    end_relatives(mark, groups)


if __name__ == "__main__":
    _main(sys.argv[1])
