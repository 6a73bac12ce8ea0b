"""Probes: what can be seen of a subject from outside, by its process id.

A new probe is one file, one line in ``PROBES`` and one column of `exporter.record.sample.Sample`; one that counts by
kind is a line in `count_probes` and a metric with a label.
"""

from exporter.record.probes.base import (
    CountProbe,
    Counts,
    Others,
    Probe,
    Reading,
    descendants_of,
    living,
    read_counts,
    read_probes,
    resident_by_name,
)
from exporter.record.probes.descriptor_kinds import DescriptorKindsProbe
from exporter.record.probes.open_descriptors import OpenDescriptorsProbe
from exporter.record.probes.resident_memory import ResidentMemoryProbe
from exporter.record.probes.socket_states import SocketStatesProbe
from exporter.record.probes.thread_names import ThreadNamesProbe
from exporter.record.probes.threads import ThreadsProbe
from exporter.record.probes.unique_memory import UniqueMemoryProbe

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
    "living",
    "read_counts",
    "read_probes",
    "resident_by_name",
]
