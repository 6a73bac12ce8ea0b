"""Which profiles a run takes, and what that costs."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from exporter.checked import Json

DEFAULT_PPROF_PORT = 6060
# Of each allocation; the driver's own stacks are hardly deeper.
TRACED_FRAMES = 12
# benchmarks/overhead.py measures what follows: CPU time of the SDK's process per payment over that without tracing, and
# how much is written.
MEMRAY_SLOWDOWN = 1.4
DUMPED_KIB_PER_PAYMENT = 700
# What --pprof has a driver do, and its cost; other programs are asked too, and nothing is known of theirs.
_TRACERS = {
    "python": ("tracemalloc traces Python's allocations", 1.2),
    "go": ("Go's runtime records Go's allocations", 1.02),
}


@dataclass(frozen=True, slots=True)
class ProfilingSettings:
    """``pprof`` serves profiles on a port of the loopback address; ``heap_dump`` is the file that memray writes."""

    pprof: bool = False
    pprof_port: int = DEFAULT_PPROF_PORT
    heap_dump: Path | None = None

    def complaints(self) -> list[str]:
        """What is wrong with the settings, each with its remedy."""
        found = []
        if not 0 <= self.pprof_port <= 65535:
            found.append(f"pprof-port is {self.pprof_port}: give a port from 1 to 65535, or 0 for any free one")
        if self.heap_dump is None:
            return found
        if self.pprof:
            found.append("pprof and heap-dump would trace every allocation twice: choose one")
        if importlib.util.find_spec("memray") is None:
            found.append("heap-dump needs memray, which is not installed: pip install memray")
        if self.heap_dump.exists():
            found.append(f"heap-dump {self.heap_dump} exists: name another file")
        if not self.heap_dump.absolute().parent.is_dir():
            found.append(f"heap-dump {self.heap_dump}: there is no directory {self.heap_dump.parent}; create it first")
        return found

    def as_text(self) -> dict[str, str]:
        """The settings under their flags' names, for the run's info metric and the report's head."""
        return {"pprof": "true" if self.pprof else "false", "heap-dump": str(self.heap_dump or "")}

    def driver_options(self) -> dict[str, Json]:
        """What the driver is told; nothing when nothing is profiled, so that the measurement stays as it is."""
        options: dict[str, Json] = {}
        if self.pprof:
            options["traced_frames"] = TRACED_FRAMES
        if self.heap_dump is not None:
            options["heap_dump"] = str(self.heap_dump.absolute())
        return options

    def headings(self, driver: str) -> list[str]:
        """What the head of the run says: what is traced, what that costs, and what it does to the figures."""
        found = []
        if self.pprof:
            found.append(_heading(*_TRACERS.get(driver.partition("@")[0], ("the driver traces its allocations", None))))
        if self.heap_dump is not None:
            what = f"memray traces every allocation to {self.heap_dump}, some {DUMPED_KIB_PER_PAYMENT} KiB a payment"
            found.append(_heading(what, MEMRAY_SLOWDOWN))
        return found


def _heading(what: str, slowdown: float | None) -> str:
    factor = "more" if slowdown is None else f"{slowdown:g} times the"
    measured = "" if slowdown is None else " (measured)"
    return (
        f"Profiling: {what}. A payment costs {factor} CPU time in the SDK's process{measured}, "
        "and memory includes the tracer's own."
    )
