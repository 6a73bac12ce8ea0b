"""One run's settings, checked: every refusal names the setting, its value and the remedy."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Literal

from exporter.drivers.registry import complaint
from exporter.durations import format_duration
from exporter.errors import ConfigError
from exporter.settings.allocator import AllocatorName, allocator_environment, library_directories
from exporter.settings.load import WorkloadSettings
from exporter.settings.network import FaultSettings
from exporter.settings.profiling import ProfilingSettings

# Past the range that is allocated to exporters (9100 to 9999, all taken, and a few above 10000), and claimed by none.
DEFAULT_LISTEN_ADDRESS = "127.0.0.1:10366"
LOCAL_NETWORK = "local"
HOSTED_NETWORK = "regtest"

LogFormat = Literal["text", "json"]
FailOn = Literal["leak", "inconclusive", "never"]
StopOn = Literal["never", "leak"]
ExistingCsv = Literal["refuse", "append", "overwrite"]


@dataclass(frozen=True, slots=True)
class DriverChoice:
    """A subject to start: its name, in labels and file names, and the command, if it is not a driver of ours.

    A driver of ours is named as `exporter.drivers.registry` knows it.
    """

    name: str = "python"
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that a run is told; seconds throughout.

    Raises ConfigError, naming all the settings that are wrong, their values and the remedies.
    """

    duration_seconds: float = 3600.0
    mem_interval_seconds: float = 30.0
    network: str = LOCAL_NETWORK  # local, regtest, or the path of a network file
    faults: FaultSettings = field(default_factory=FaultSettings)  # of the local network
    drivers: tuple[DriverChoice, ...] = (DriverChoice(),)  # each under the same load, at the same time
    driver_timeout_seconds: float = 30.0  # a subject silent for longer is taken for dead
    workload: WorkloadSettings = field(default_factory=WorkloadSettings)
    allocator: AllocatorName = "glibc"  # of the subject
    profiling: ProfilingSettings = field(default_factory=ProfilingSettings)
    listen_address: str = DEFAULT_LISTEN_ADDRESS
    web_config: Path | None = None
    run_name: str = ""
    csv: Path | None = None
    existing_csv: ExistingCsv = "refuse"
    report: Path | None = None  # page to write at the end
    linger_seconds: float = 0.0  # keep serving after the end
    quiet: bool = False
    log_format: LogFormat = "text"
    max_failure_ratio: float = 0.5  # of payments; above it the load has failed
    fail_on: FailOn = "leak"
    threshold_kib_per_min: float = 5.0  # growth from which on a leak matters
    stop_on: StopOn = "never"  # the verdict as it stands that ends the run early

    def __post_init__(self) -> None:
        complaints = [
            *not_positive("duration", self.duration_seconds, "run for a second at least, for example 1h"),
            *not_positive("mem-interval", self.mem_interval_seconds, "take a sample every 30s, for example"),
            *not_positive("driver-timeout", self.driver_timeout_seconds, "wait 30s, for example"),
        ]
        if not (math.isfinite(self.linger_seconds) and self.linger_seconds >= 0):
            complaints.append(f"linger is {self.linger_seconds!r}: 0s means not at all")
        if not 0 <= self.max_failure_ratio <= 1:
            complaints.append(f"max-failure-ratio is {self.max_failure_ratio!r}: give a share from 0 to 1")
        if self.report is not None:
            complaints += _not_a_file_to_write("report", self.report)
        shown = {"run-name": self.run_name, "network": self.network, "heap-dump": str(self.profiling.heap_dump or "")}
        complaints += not_utf8(shown | {"driver": " ".join(driver.name for driver in self.drivers)})
        written = {"csv": self.csv, "report": self.report, "heap-dump": self.profiling.heap_dump}
        complaints += _written_twice({flag: path for flag, path in written.items() if path is not None})
        if self.existing_csv != "refuse" and self.csv is None:
            complaints.append(f"csv-{self.existing_csv} does nothing without csv: name the file with --csv FILE")
        if self.faults != FaultSettings() and self.network != LOCAL_NETWORK:
            complaints.append(
                f"network is {self.network!r}, which can't be made to fail here: give faults to 'exporter network'"
            )
        complaints += self.profiling.complaints() + self._driver_complaints()
        try:
            self.subject_environment()
        except ConfigError as error:
            complaints.append(str(error))
        if complaints:
            raise ConfigError("; ".join(complaints))

    def subject_environment(self) -> dict[str, str]:
        """What to add to the subject's environment; raises ConfigError for an allocator that isn't installed."""
        return allocator_environment(self.allocator, os.environ, library_directories(), profiled=self.profiling.pprof)

    @property
    def dumps_heaps(self) -> bool:
        """Whether a run of these drivers can be told to write a heap dump."""
        return len(self.drivers) == 1 and all(
            driver.command or complaint(driver.name, ["heap-dump"]) is None for driver in self.drivers
        )

    def csv_of(self, driver: str) -> Path | None:
        """The CSV of a driver's samples: ``csv`` itself when it is alone, else ``out.go.csv`` for ``out.csv``."""
        if self.csv is None or len(self.drivers) == 1:
            return self.csv
        return self.csv.with_name(f"{self.csv.stem}.{driver}{self.csv.suffix}")

    def _driver_complaints(self) -> list[str]:
        names = [driver.name for driver in self.drivers]
        options = {
            "pprof": self.profiling.pprof,
            "heap-dump": self.profiling.heap_dump,
            "allocator": self.allocator != "glibc",
        }
        given = [option for option, value in options.items() if value]
        found = [complaint(driver.name, given) for driver in self.drivers if not driver.command]
        complaints = [each for each in found if each is not None]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            complaints.append(f"driver {twice[0]!r} is named twice: each needs a name of its own")
        if len(names) > 1 and self.network == HOSTED_NETWORK:
            complaints.append(f"network is {self.network!r}, where there is one pair of wallets: name one driver")
        if len(names) > 1 and (self.profiling.pprof or self.profiling.heap_dump):
            complaints.append("pprof and heap-dump profile one subject: name one driver")
        return complaints

    def as_text(self) -> dict[str, str]:
        """The settings of the measurement by flag name, for the run's info metric and the report's head."""
        load, gap = self.workload.as_text(), self.workload.settle_min_gap_seconds
        return {
            "duration": format_duration(self.duration_seconds),
            "mem-interval": format_duration(self.mem_interval_seconds),
            "network": self.network,
            "driver": " ".join(driver.name for driver in self.drivers),
            "allocator": self.allocator,
            **self.profiling.as_text(),
            **load,
            "interval": format_duration(self.workload.interval_seconds),
            "settle-min-gap": load["settle-min-gap"] if gap is None else format_duration(gap),
            "latency": format_duration(self.faults.latency_seconds),
            "error-rate": f"{self.faults.error_rate:g}",
            "outage-every": format_duration(self.faults.outage_every_seconds),
            "outage-for": format_duration(self.faults.outage_for_seconds),
        }


def not_utf8(shown: Mapping[str, str]) -> list[str]:
    """What is wrong with settings that are labels on /metrics: their encoding."""
    return [
        f"{flag} is {text!r}, which is not UTF-8: give another name"
        for flag, text in shown.items()
        if text.encode(errors="replace").decode() != text
    ]


def not_positive(flag: str, value: float, remedy: str) -> list[str]:
    """What is wrong with seconds that have to pass."""
    return [] if math.isfinite(value) and value > 0 else [f"{flag} is {value:g}s: {remedy}"]


def _not_a_file_to_write(flag: str, path: Path) -> list[str]:
    """What keeps the file from being written at the end of the run, as far as that can be told before."""
    if not path.parent.is_dir():
        return [f"{flag} is {str(path)!r}: there is no directory {path.parent}; create it first"]
    if path.is_dir():
        return [f"{flag} is {str(path)!r}, which is a directory: name a file"]
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return [f"{flag} is {str(path)!r}, which can't be written: name another file"]
    return []


def _written_twice(files: Mapping[str, Path]) -> list[str]:
    return [
        f"{flag} and {other} are both {str(path)!r}: name a file for each"
        for (flag, path), (other, second) in combinations(files.items(), 2)
        if path.absolute() == second.absolute()
    ]
