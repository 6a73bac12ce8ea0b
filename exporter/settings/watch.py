"""What ``exporter watch`` is told, checked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exporter.errors import Complaint
from exporter.settings.declared import Section, setting
from exporter.settings.group import contradiction, label_complaint
from exporter.settings.kinds import TEXT, URL, Kind
from exporter.settings.observation import ObservationSettings

LONGEST_SECONDS = 86400.0  # of a watch that is told nothing else

AgentChoice = Literal["auto", "none", "python", "node", "glibc", "go", "jvm"]
_NEED_NO_START = ("auto", "none", "jvm")  # nothing is put into the program, or nothing has to be


def _read_pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{error}; write a regular expression of Python") from None


def _read_pair(text: str) -> tuple[str, str]:
    heap, equals, metric = text.partition("=")
    if not (heap and equals and metric):
        raise ValueError("write it like native=my_allocated_bytes")
    return heap, metric


@dataclass(frozen=True)
class WatchConfig(ObservationSettings):
    """Which program is watched, where it tells of itself, and where that goes; seconds throughout.

    One of ``command``, ``pid``, ``process_name`` and ``cgroup`` says which program.
    """

    command: tuple[str, ...] = setting(
        (),
        "",
        section=Section.PROGRAM,
        kind=TEXT,
        many=True,
        gather=tuple,
        positional=True,
        metavar="[-- COMMAND ARG...]",
    )
    pid: int | None = setting(
        None,
        "Watch the process with this id instead of starting a command.",
        section=Section.PROGRAM,
        at_least=1,
        remedy="give the number of a process, as ps shows it",
    )
    process_name: str = setting(
        "",
        "Watch the process of this name, and the next one when it is gone.",
        section=Section.PROGRAM,
        flag="name",
    )
    cgroup: str = setting(
        "",
        "Watch the processes of this control group: those of a container.",
        section=Section.PROGRAM,
        metavar="PATH|NAME",
    )
    duration_seconds: float = setting(
        LONGEST_SECONDS,
        "How long to watch at most; a program started here is ended then.",
        section=Section.PROGRAM,
        heading=True,
        above=0,
        remedy="watch for a second at least, for example 1h",
    )
    mem_interval_seconds: float = setting(
        5.0,
        "Time between two samples of the memory.",
        section=Section.MEASUREMENT,
        heading=True,
        above=0,
        remedy="take a sample every 5s, for example",
    )
    agent: AgentChoice = setting(
        "auto",
        "What reports the heaps; auto: all but glibc, if no option below does. Where a program runs already: jvm only.",
        section=Section.TOLD,
    )
    scrape_url: str = setting(
        "",
        "A page of it in Prometheus' text format.",
        section=Section.TOLD,
        flag="scrape",
        kind=URL,
        metavar="URL",
    )
    # Metric by heap, for scrape_url.
    heap_metrics: Mapping[str, str] = setting(
        {},
        "A heap's metric on that page; those of the Go, Node, JVM and jemalloc clients are known.",
        section=Section.TOLD,
        flag="map",
        kind=Kind("text", _read_pair),
        many=True,
        gather=dict,
        metavar="HEAP=METRIC",
    )
    pprof_url: str = setting(
        "",
        "Where it serves Go's net/http/pprof.",
        section=Section.TOLD,
        flag="pprof",
        kind=URL,
        metavar="URL",
    )
    expvar_url: str = setting(
        "", "Where it serves Go's expvar.", section=Section.TOLD, flag="expvar", kind=URL, metavar="URL"
    )
    follow_csv: Path | None = setting(
        None, "A CSV that it writes, as the Go and the Rust memory test do.", section=Section.TOLD, file="followed"
    )
    # In what the program prints.
    payments_from: re.Pattern[str] | None = setting(
        None,
        "What it prints for a payment; a group that is a number is the count so far.",
        section=Section.TOLD,
        kind=Kind("text", _read_pattern),
        metavar="REGEX",
    )

    def contradictions(self) -> Iterator[Complaint]:
        yield from super().contradictions()
        ways = {"command": self.command, "pid": self.pid, "name": self.process_name, "cgroup": self.cgroup}
        given = [name for name, value in ways.items() if value not in ((), None, "")]
        if len(given) != 1:
            said = f"{' and '.join(given)} say" if given else "nothing says"
            yield contradiction(
                f"{said} which program is watched: name it in one way: -- COMMAND, --pid, --name or --cgroup",
                *("command", "pid", "process_name", "cgroup"),
            )
        program = Path(self.command[0]).name if self.command else ""
        if wrong := label_complaint(program):
            yield contradiction(f"command is {TEXT.shown(program)}{wrong}", "command")
        if self.heap_metrics and not self.scrape_url:
            yield contradiction(
                "map does nothing without scrape: name the page with --scrape URL", "heap_metrics", "scrape_url"
            )
        if self.agent not in _NEED_NO_START and not self.command:
            yield contradiction(
                f"agent {self.agent} works in a program that is started here: give its command after --",
                *("agent", "command"),
            )
        if self.payments_from is not None and not self.command:
            yield contradiction(
                "payments-from reads the output of a program started here: give its command after --",
                *("payments_from", "command"),
            )

    def files(self) -> dict[str, Path | None]:
        return super().files() | {"follow-csv": self.follow_csv}

    def as_text(self) -> dict[str, str]:
        """The settings of the measurement by name; the command may hold secrets, and is left out."""
        return super().as_text() | {"sources": " ".join(self.sources_named())}

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
