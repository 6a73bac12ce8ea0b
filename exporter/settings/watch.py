"""What ``exporter watch`` is told, checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exporter.durations import format_duration
from exporter.errors import ConfigError
from exporter.settings.run import DEFAULT_LISTEN_ADDRESS, ExistingCsv, FailOn, LogFormat, StopOn, not_positive, not_utf8

LONGEST_SECONDS = 86400.0  # of a watch that is told nothing else


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """Which program is watched, where it tells of itself, and where that goes; seconds throughout.

    One of ``command``, ``pid``, ``process_name`` and ``cgroup`` says which program. Raises ConfigError, naming all
    the settings that are wrong.
    """

    command: tuple[str, ...] = ()
    pid: int | None = None
    process_name: str = ""
    cgroup: str = ""
    duration_seconds: float = LONGEST_SECONDS
    mem_interval_seconds: float = 30.0
    scrape_url: str = ""
    heap_metrics: Mapping[str, str] = field(default_factory=dict)  # metric by heap, for scrape_url
    pprof_url: str = ""
    expvar_url: str = ""
    follow_csv: Path | None = None
    payments_from: re.Pattern[str] | None = None  # in what the program prints
    listen_address: str = DEFAULT_LISTEN_ADDRESS
    web_config: Path | None = None
    run_name: str = ""
    csv: Path | None = None
    existing_csv: ExistingCsv = "refuse"
    linger_seconds: float = 0.0
    quiet: bool = False
    log_format: LogFormat = "text"
    fail_on: FailOn = "leak"
    report: Path | None = None  # page to write at the end
    threshold_kib_per_min: float = 5.0  # growth from which on a leak matters
    stop_on: StopOn = "never"  # the verdict as it stands that ends the watch early

    def __post_init__(self) -> None:
        complaints = []
        if sum((bool(self.command), self.pid is not None, bool(self.process_name), bool(self.cgroup))) != 1:
            complaints.append("name the program in one way: -- COMMAND, --pid, --name or --cgroup")
        complaints += not_positive("duration", self.duration_seconds, "watch for a second at least, for example 1h")
        complaints += not_positive("mem-interval", self.mem_interval_seconds, "take a sample every 30s, for example")
        program = Path(self.command[0]).name if self.command else ""
        complaints += not_utf8({"run-name": self.run_name, "name": self.process_name, "command": program})
        complaints += self._source_complaints()
        if self.existing_csv != "refuse" and self.csv is None:
            complaints.append(f"csv-{self.existing_csv} does nothing without csv: name the file with --csv FILE")
        if complaints:
            raise ConfigError("; ".join(complaints))

    def _source_complaints(self) -> list[str]:
        urls = {"scrape": self.scrape_url, "pprof": self.pprof_url, "expvar": self.expvar_url}
        complaints = [
            f"{flag} is {url!r}: give a URL such as http://localhost:6060"
            for flag, url in urls.items()
            if url and not re.match(r"https?://[^/]", url)
        ]
        if self.heap_metrics and not self.scrape_url:
            complaints.append("map does nothing without scrape: name the page with --scrape URL")
        if self.payments_from is not None and not self.command:
            complaints.append("payments-from reads the output of a program started here: give its command after --")
        if self.follow_csv is not None and self.csv is not None and self.follow_csv.absolute() == self.csv.absolute():
            complaints.append(f"csv and follow-csv are both {self.csv}: name another file for ours")
        return complaints

    def as_text(self) -> dict[str, str]:
        """The settings of the measurement by flag name; the command may hold secrets, and is left out."""
        return {
            "duration": format_duration(self.duration_seconds),
            "mem-interval": format_duration(self.mem_interval_seconds),
            "sources": " ".join(self.sources_named()),
        }

    def sources_named(self) -> list[str]:
        """The flags of what tells of the program."""
        given = {
            "scrape": self.scrape_url,
            "pprof": self.pprof_url,
            "expvar": self.expvar_url,
            "follow-csv": self.follow_csv,
            "payments-from": self.payments_from,
            "cgroup": self.cgroup,
        }
        return [flag for flag, value in given.items() if value]
