"""What a probe is, and how a failed one becomes data instead of an error."""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Protocol

import psutil

from exporter.record.column import Column
from exporter.record.memory_limit import machine_memory_bytes

_ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)

# The processes that count beside a subject's own, which is given.
Others = Callable[[psutil.Process], list[psutil.Process]]


class Probe(Protocol):
    """Reads one figure of a process."""

    name: ClassVar[str]  # the label on memtest_probe_success
    column: ClassVar[Column]  # that it fills
    metric: ClassVar[str]  # its gauge on /metrics, and the help of it
    help: ClassVar[str]
    at_scrape: ClassVar[bool]  # whether a reading is so light that each scrape has one of its own

    def read(self, process: psutil.Process) -> int:
        """Return the figure; raises psutil.Error or OSError when it can't be had."""
        ...


class CountProbe(Protocol):
    """Counts something of a process by kind; there are few kinds, whatever the process does."""

    name: ClassVar[str]  # the label on memtest_probe_success
    columns: ClassVar[tuple[Column, ...]]  # of some of the kinds
    metric: ClassVar[str]  # its gauge on /metrics, the label for the kind, and the help of it
    label: ClassVar[str]
    help: ClassVar[str]

    def read(self, process: psutil.Process) -> Mapping[str, int]:
        """Return the counts by kind; raises psutil.Error or OSError when they can't be had."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What the probes found: ``values`` by column, None for a failed one; ``failures`` by probe, in words."""

    values: Mapping[str, int | None]
    failures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the counting probes found: ``by_probe`` lacks a failed one; ``failures`` by probe, in words."""

    by_probe: Mapping[str, Mapping[str, int]]
    failures: Mapping[str, str]


def read_probes(probes: Iterable[Probe], pid: int | None, others: Others | None = None) -> Reading:
    """Read every probe of the process ``pid``; with no process, every probe fails.

    The figures are sums over the process and the ``others``: pages that they share count once for each in resident
    memory, and not at all in unique memory.
    """
    beside = _others_of(pid, others)
    values: dict[str, int | None] = {}
    failures: dict[str, str] = {}
    process: psutil.Process | None = None
    for probe in probes:
        try:
            process = process or _process(pid)  # finding it takes longer than most readings
            values[probe.column.name] = probe.read(process) + sum(_read_if_there(probe, each) for each in beside)
        except (psutil.Error, OSError) as error:
            values[probe.column.name] = None
            failures[probe.name] = _in_words(error)
    return Reading(values, failures)


def read_counts(probes: Iterable[CountProbe], pid: int | None) -> Counts:
    """Read every counting probe of the process ``pid``; with no process, every probe fails."""
    by_probe: dict[str, Mapping[str, int]] = {}
    failures: dict[str, str] = {}
    for probe in probes:
        try:
            by_probe[probe.name] = probe.read(_process(pid))
        except (psutil.Error, OSError) as error:
            failures[probe.name] = _in_words(error)
    return Counts(by_probe, failures)


def _in_words(error: psutil.Error | OSError) -> str:
    if isinstance(error, psutil.AccessDenied):  # of itself it says no more than whose
        return f"access to process {error.pid} is denied"
    return str(error) or type(error).__name__


def resident_by_name(pid: int | None, others: Others) -> dict[str, int]:
    """Resident bytes of the processes that count beside ``pid``, by their names."""
    found: dict[str, int] = {}
    for process in _others_of(pid, others):
        with suppress(psutil.Error, OSError):
            name = process.name()
            found[name] = found.get(name, 0) + living(process).memory_info().rss
    return found


def descendants_of(process: psutil.Process) -> list[psutil.Process]:
    """All that a process has started, and what that has started."""
    return process.children(recursive=True)


def living(process: psutil.Process) -> psutil.Process:
    """Return what a process is to be read by: itself, or a thread that lives on where the first one has ended.

    What has ended reads as zeros. Raises psutil.ZombieProcess where all of it has, and nobody has waited for it yet.
    """
    if process.status() not in _ENDED:
        return process
    for thread in _threads_of(process):
        with suppress(psutil.Error):
            # proc(5) has a directory for a thread's id too, with the figures of the whole process.
            found = psutil.Process(thread)
            if found.status() not in _ENDED:
                return found
    raise psutil.ZombieProcess(process.pid)


def in_memory(size: int) -> int:
    """Return a size in memory as it was read; raises OSError for one that no living process can have."""
    if not 0 < size <= machine_memory_bytes():
        raise OSError(f"it reads as {size} bytes, which no process that lives here has")
    return size


def _threads_of(process: psutil.Process) -> list[int]:
    with suppress(OSError):
        return [int(thread) for thread in os.listdir(f"/proc/{process.pid}/task") if int(thread) != process.pid]
    return []


def _others_of(pid: int | None, others: Others | None) -> list[psutil.Process]:
    with suppress(psutil.Error, OSError):
        return others(psutil.Process(pid)) if others and pid is not None else []
    return []


def _read_if_there(probe: Probe, process: psutil.Process) -> int:
    """What the probe reads; nothing of a process that has ended since it was listed."""
    with suppress(psutil.NoSuchProcess, FileNotFoundError):
        return probe.read(living(process))
    return 0


def _process(pid: int | None) -> psutil.Process:
    if pid is None:
        raise ProcessLookupError("no process")
    return living(psutil.Process(pid))
