"""Probes: what can be seen of a subject from outside, by its process id.

A new probe is one file, with its column and its metric, and one line in ``PROBES``; one that counts by kind is one
file and one line in ``COUNT_PROBES``. See docs/extending.md.
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
from exporter.record.probes.resident_parts import AnonymousMemoryProbe, FilePagesProbe, SharedMemoryProbe
from exporter.record.probes.socket_states import SocketStatesProbe
from exporter.record.probes.thread_names import ThreadNamesProbe
from exporter.record.probes.threads import ThreadsProbe
from exporter.record.probes.unique_memory import UniqueMemoryProbe

PROBES: tuple[Probe, ...] = (
    ResidentMemoryProbe(),
    UniqueMemoryProbe(),
    AnonymousMemoryProbe(),
    FilePagesProbe(),
    SharedMemoryProbe(),
    ThreadsProbe(),
    OpenDescriptorsProbe(),
)
COUNT_PROBES: tuple[type[CountProbe], ...] = (DescriptorKindsProbe, SocketStatesProbe, ThreadNamesProbe)
# Those that every scrape reads: unique memory is not among them, as reading it stops the subject.
SCRAPE_PROBES = tuple(probe for probe in PROBES if probe.at_scrape)


def count_probes() -> tuple[CountProbe, ...]:
    """The probes that count by kind, for one subject: they keep what is costly to read."""
    return tuple(probe() for probe in COUNT_PROBES)


__all__ = [
    "COUNT_PROBES",
    "PROBES",
    "SCRAPE_PROBES",
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
