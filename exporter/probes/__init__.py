"""Probes: what can be seen of a subject from outside, by its process id.

A new probe is one file, one line in ``PROBES`` and one column of `exporter.samples.Sample`; one that counts by kind is
a line in `count_probes` and a metric with a label.
"""

from exporter.probes.base import (
    CountProbe,
    Counts,
    Others,
    Probe,
    Reading,
    descendants_of,
    read_counts,
    read_probes,
    resident_by_name,
)
from exporter.probes.descriptor_kinds import DescriptorKindsProbe
from exporter.probes.open_descriptors import OpenDescriptorsProbe
from exporter.probes.resident_memory import ResidentMemoryProbe
from exporter.probes.socket_states import SocketStatesProbe
from exporter.probes.thread_names import ThreadNamesProbe
from exporter.probes.threads import ThreadsProbe
from exporter.probes.unique_memory import UniqueMemoryProbe

PROBES: tuple[Probe, ...] = (ResidentMemoryProbe(), UniqueMemoryProbe(), ThreadsProbe(), OpenDescriptorsProbe())


def count_probes() -> tuple[CountProbe, ...]:
    """The probes that count by kind, for one subject: they keep what is costly to read."""
    return (DescriptorKindsProbe(), ThreadNamesProbe(), SocketStatesProbe())


__all__ = [
    "PROBES",
    "CountProbe",
    "Counts",
    "Others",
    "Probe",
    "Reading",
    "count_probes",
    "descendants_of",
    "read_counts",
    "read_probes",
    "resident_by_name",
]
