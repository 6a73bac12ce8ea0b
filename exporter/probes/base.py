"""What a probe is, and how a failed one becomes data instead of an error."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import psutil


class Probe(Protocol):
    """Reads one figure of a process."""

    name: ClassVar[str]  # the label on memtest_probe_success
    column: ClassVar[str]  # the field of Sample that it fills

    def read(self, process: psutil.Process) -> int:
        """Return the figure; raises psutil.Error or OSError when it can't be had."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What the probes found: ``values`` by column, None for a failed one; ``failures`` by probe, in words."""

    values: Mapping[str, int | None]
    failures: Mapping[str, str]


def read_probes(probes: Iterable[Probe], pid: int | None) -> Reading:
    """Read every probe of the process ``pid``; with no process, every probe fails."""
    values: dict[str, int | None] = {}
    failures: dict[str, str] = {}
    for probe in probes:
        try:
            if pid is None:
                raise ProcessLookupError("no process")
            values[probe.column] = probe.read(psutil.Process(pid))
        except (psutil.Error, OSError) as error:
            values[probe.column] = None
            failures[probe.name] = str(error) or type(error).__name__
    return Reading(values, failures)
