"""Which profiles a run takes, and what that costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from exporter.settings.declared import Section, setting
from exporter.settings.group import SettingsGroup
from exporter.settings.kinds import PATH, Kind

Tracer = tuple[str, float | None]  # what it does, and its cost where that is known

DEFAULT_PPROF_PORT = 6060
# Of each allocation; the driver's own stacks are hardly deeper.
TRACED_FRAMES = 12
# benchmarks/overhead.py measures what follows: CPU time of the SDK's process per payment over that without tracing, and
# how much is written.
MEMRAY_SLOWDOWN = 1.4
DUMPED_KIB_PER_PAYMENT = 700
# What --pprof has a driver do, and its cost; other programs are asked too, and nothing is known of theirs.
_TRACERS: Mapping[str, Tracer] = {
    "python": ("tracemalloc traces Python's allocations", 1.2),
    "go": ("Go's runtime records Go's allocations", 1.02),
}
_SNAPSHOTS = (
    "Profiling: V8 writes a snapshot at each heap dump, for which the SDK's process stands still; in between that costs"
    " nothing."
)


def _read_dump(text: str) -> Path | None:
    """A file; or, as in the Go memory test, whether there shall be one."""
    if text.lower() in ("true", "false"):
        return Path("heap") if text.lower() == "true" else None
    return Path(PATH.read(text))


@dataclass(frozen=True)
class ProfilingSettings(SettingsGroup):
    """``pprof`` serves profiles on a port of the loopback address; ``heap_dump`` is the file of the last heap dump."""

    pprof: bool = setting(
        False,
        "Serve profiles of the SDK's process for 'go tool pprof', on 127.0.0.1.",
        section=Section.PROFILES,
        heading=True,
    )
    pprof_port: int = setting(
        DEFAULT_PPROF_PORT,
        "Port of the profiles.",
        section=Section.PROFILES,
        at_least=0,
        at_most=65535,
        remedy="give a port from 1 to 65535, or 0 for any free one",
    )
    heap_dump: Path | None = setting(
        None,
        "Write what the SDK's process holds and which code allocated it, early, at the end and at each SIGUSR1;"
        " 'heap' with the suffix of the driver's format if none is named.",
        kind=Kind("path", _read_dump),
        optional="true",
        section=Section.PROFILES,
        heading=True,
        file="new",
    )

    def with_suffix(self, suffix: str) -> Self:
        """The same with ``suffix`` at the end of a heap dump's name that has none; raises ConfigError for that file."""
        dump = self.heap_dump
        return self if dump is None or dump.suffix else replace(self, heap_dump=dump.with_name(dump.name + suffix))

    def needs(self) -> Mapping[str, str]:
        if self.heap_dump is not None:
            return {"heap": "heap-dump"}
        return {"heap": "pprof"} if self.pprof else {}

    def driver_options(self) -> dict[str, object]:
        """What the driver is told; nothing when nothing is profiled, so that the measurement stays as it is."""
        options: dict[str, object] = {}
        if self.pprof:
            options["traced_frames"] = TRACED_FRAMES
        if self.heap_dump is not None:
            options["heap_dump"] = str(self.heap_dump.absolute())
        return options

    def headings(self, driver: str) -> list[str]:
        """What the head of the run says: what is traced, what that costs, and what it does to the figures."""
        language = driver.partition("@")[0]
        tracers = dict.fromkeys(self._tracers(language))  # Go's is one for both
        snapshots = [_SNAPSHOTS] if self.heap_dump is not None and language == "node" else []
        return [*(_heading(*tracer) for tracer in tracers), *snapshots]

    def _tracers(self, language: str) -> Iterator[Tracer]:
        if self.pprof:
            yield _TRACERS.get(language, ("the driver traces its allocations", None))
        if self.heap_dump is not None and language == "go":
            yield _TRACERS["go"]
        elif self.heap_dump is not None and language != "node":
            what = f"memray traces every allocation to {self.heap_dump}, some {DUMPED_KIB_PER_PAYMENT} KiB a payment"
            yield what, MEMRAY_SLOWDOWN


def _heading(what: str, slowdown: float | None) -> str:
    factor = "more" if slowdown is None else f"{slowdown:g} times the"
    measured = "" if slowdown is None else " (measured)"
    return (
        f"Profiling: {what}. A payment costs {factor} CPU time in the SDK's process{measured}, "
        "and memory includes the tracer's own."
    )
