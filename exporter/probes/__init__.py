"""Probes: what can be seen of a subject from outside, by its process id.

A new probe is one file, one line in ``PROBES`` and one column of `exporter.samples.Sample`.
"""

from exporter.probes.base import Probe, Reading, read_probes
from exporter.probes.open_descriptors import OpenDescriptorsProbe
from exporter.probes.resident_memory import ResidentMemoryProbe
from exporter.probes.threads import ThreadsProbe
from exporter.probes.unique_memory import UniqueMemoryProbe

PROBES: tuple[Probe, ...] = (ResidentMemoryProbe(), UniqueMemoryProbe(), ThreadsProbe(), OpenDescriptorsProbe())

__all__ = ["PROBES", "Probe", "Reading", "read_probes"]
