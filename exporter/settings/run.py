"""One run's settings, checked: every refusal names the setting, its value and the remedy."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import Complaint, ConfigError
from exporter.settings.allocator import AllocatorName, allocator_environment, library_directories
from exporter.settings.credentials import postgres_connection
from exporter.settings.declared import Flag, Section, by_flags, setting
from exporter.settings.drivers import DriverChoice, complaint, driver_of_command
from exporter.settings.files import file_complaint
from exporter.settings.group import contradiction
from exporter.settings.kinds import TEXT, Kind, read_plain_url
from exporter.settings.load import WorkloadSettings
from exporter.settings.network import FaultSettings
from exporter.settings.observation import ObservationSettings
from exporter.settings.profiling import ProfilingSettings

LOCAL_NETWORK = "local"
HOSTED_NETWORK = "regtest"


@dataclass(frozen=True)
class RunConfig(ObservationSettings):
    """Everything that a run is told; seconds throughout."""

    network: str = setting(
        LOCAL_NETWORK,
        "'local', the hosted 'regtest', or a file that 'exporter network' has printed.",
        section=Section.MEASUREMENT,
        heading=True,
    )
    faucet_url: str = setting(
        "",
        "The faucet of the hosted network, as FAUCET_URL.",
        section=Section.MEASUREMENT,
        kind=Kind("text", read_plain_url),
        metavar="URL",
    )
    # Each under the same load, at the same time.
    drivers: tuple[DriverChoice, ...] = by_flags(
        (DriverChoice(),),
        Flag(
            name="driver",
            help="What to test: python (if none is named), python@RELEASE, go, node, rust; several at once are"
            " compared.",
            kind=Kind("text", DriverChoice),
            many=True,
        ),
        Flag(
            name="driver-command",
            help="A program that speaks the driver protocol, to test alone or beside --driver.",
            kind=Kind("text", driver_of_command),
            many=True,
            separator="\n",
        ),
        section=Section.MEASUREMENT,
        gather=tuple,
        heading=True,
        write=lambda drivers: " ".join(driver.name for driver in drivers),
    )
    driver_timeout_seconds: float = setting(
        30.0,
        "A driver that is silent for longer is taken for dead.",
        section=Section.MEASUREMENT,
        above=0,
        remedy="wait 30s, for example",
    )
    allocator: AllocatorName = setting(
        "glibc", "The allocator that the SDK's process runs under.", section=Section.PROFILES, heading=True
    )
    profiling: ProfilingSettings = ProfilingSettings()
    workload: WorkloadSettings = WorkloadSettings()
    faults: FaultSettings = FaultSettings()  # of the local network
    max_failure_ratio: float = setting(
        0.5,
        "Share of failed payments above which the load counts as failed.",
        section=Section.END,
        at_least=0,
        at_most=1,
        remedy="give a share from 0 to 1",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "profiling", self.profiling.with_suffix(self.drivers[0].dump_suffix))
        super().__post_init__()

    def contradictions(self) -> Iterator[Complaint]:
        yield from super().contradictions()
        if self.faults != FaultSettings() and self.network != LOCAL_NETWORK:
            yield contradiction(
                f"network is {TEXT.shown(self.network)}, which can't be made to fail here: "
                "give faults to 'exporter network'",
                "network",
            )
        if self.faucet_url and self.network != HOSTED_NETWORK:
            yield contradiction(
                f"faucet-url does nothing with network {TEXT.shown(self.network)}, which has its own: leave it out, or"
                f" add --network {HOSTED_NETWORK}",
                *("faucet_url", "network"),
            )
        yield from self._driver_contradictions()
        if len(self.drivers) > 1 and self.csv is not None and self.csv.name:
            yield from self._csv_contradictions()
        try:
            self.subject_environment()
        except ConfigError as error:
            yield contradiction(str(error), "allocator")
        try:
            self.server_storage()
        except ConfigError as error:
            yield contradiction(str(error), "storage")

    def needs(self) -> Mapping[str, str]:
        network = {"network": "the local network"} if self.network == LOCAL_NETWORK else {}
        return network | ({"breez": "the driver python"} if DriverChoice() in self.drivers else {})

    def files(self) -> dict[str, Path | None]:
        return super().files() | {"heap-dump": self.profiling.heap_dump}

    def subject_environment(self) -> dict[str, str]:
        """What to add to the subject's environment; raises ConfigError for an allocator that isn't installed."""
        return allocator_environment(self.allocator, os.environ, library_directories(), profiled=self.profiling.pprof)

    def server_storage(self) -> str:
        """How to connect to the database of a rotation's wallets, empty for none; raises ConfigError."""
        return postgres_connection() if self.workload.storage == "postgres" else ""

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

    def _csv_contradictions(self) -> Iterator[Complaint]:
        for driver in self.drivers:
            known = driver.command or complaint(driver.name) is None
            path = self.csv_of(driver.name) if known else None
            if path is not None and (wrong := file_complaint(path, "record")):
                yield contradiction(f"csv of {driver.name} is {TEXT.shown(path)}, {wrong}", "csv", "drivers")

    def _driver_contradictions(self) -> Iterator[Complaint]:
        names = [driver.name for driver in self.drivers]
        options = {
            "pprof": self.profiling.pprof,
            "heap-dump": self.profiling.heap_dump,
            "allocator": self.allocator != "glibc",
            "storage in PostgreSQL": self.workload.storage == "postgres",
        }
        given = [option for option, value in options.items() if value]
        for driver in self.drivers:
            if not driver.command and (wrong := complaint(driver.name, given)):
                yield contradiction(wrong, "drivers")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            yield contradiction(
                f"driver {TEXT.shown(twice[0])} is named twice: each needs a name of its own", "drivers"
            )
        if len(names) > 1 and self.network == HOSTED_NETWORK:
            yield contradiction(
                f"network is {TEXT.shown(self.network)}, where there is one pair of wallets: name one driver",
                "network",
                "drivers",
            )
        if len(names) > 1 and (self.profiling.pprof or self.profiling.heap_dump):
            yield contradiction("pprof and heap-dump profile one subject: name one driver", "drivers")
