"""``exporter watch``: any program as the subject of a measurement."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from exporter.cli.options import Duration, EnvironmentOption, SectionedCommand
from exporter.cli.run import OPTIONS as RUN_OPTIONS
from exporter.cli.run import existing_csv
from exporter.durations import format_duration
from exporter.errors import ConfigError
from exporter.settings.watch import LONGEST_SECONDS, WatchConfig

# Not --csv and --duration: the variables of the Rust harness set those of the program that is watched.
_AS_IN_RUN = (
    *("mem_interval", "csv_append", "csv_overwrite", "listen_address", "web_config_file", "run_name", "quiet"),
    *("log_format", "fail_on", "linger"),
)
_program = partial(EnvironmentOption, section="Program")
_told = partial(EnvironmentOption, section="What it tells of itself")

OPTIONS = (
    click.Argument(["command_line"], nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND ARG...]"),
    _program("--pid", type=int, help="Watch the process with this id instead of starting a command."),
    _program("--name", "process_name", help="Watch the process of this name, and the next one when it is gone."),
    _program("--cgroup", metavar="PATH|NAME", help="Watch the processes of this control group: those of a container."),
    _program(
        "--duration",
        type=Duration(),
        default=format_duration(LONGEST_SECONDS),
        help="How long to watch at most; a program started here is ended then.",
    ),
    _told("--scrape", "scrape_url", default="", metavar="URL", help="A page of it in Prometheus' text format."),
    _told(
        "--map",
        "heap_metrics",
        multiple=True,
        metavar="HEAP=METRIC",
        help="A heap's metric on that page; those of the Go, Node, JVM and jemalloc clients are known.",
    ),
    _told("--pprof", "pprof_url", default="", metavar="URL", help="Where it serves Go's net/http/pprof."),
    _told("--expvar", "expvar_url", default="", metavar="URL", help="Where it serves Go's expvar."),
    _told(
        "--follow-csv",
        type=click.Path(path_type=Path),
        help="A CSV that it writes, as the Go and the Rust memory test do.",
    ),
    _told(
        "--payments-from",
        metavar="REGEX",
        help="What it prints for a payment; a group that is a number is the count so far.",
    ),
    EnvironmentOption("--csv", section="Output", type=click.Path(path_type=Path), help="File for one row per sample."),
    *(option for option in RUN_OPTIONS if option.name in _AS_IN_RUN),
)


@click.command("watch", cls=SectionedCommand, params=list(OPTIONS))
def command(**options: Any) -> int:
    """Watch any program's memory from outside, and say whether it leaks.

    What it has started itself counts too. Exit codes: as of 'exporter run'; 4 also when the program fails.
    """
    from exporter.runs.watch import watch  # asyncio and the HTTP server are not needed for --help

    return watch(config_of(options))


def config_of(options: dict[str, Any]) -> WatchConfig:
    """Build the settings from the parsed options; raises ConfigError."""
    return WatchConfig(
        command=tuple(options["command_line"]),
        pid=options["pid"],
        process_name=options["process_name"] or "",
        cgroup=options["cgroup"] or "",
        duration_seconds=options["duration"],
        mem_interval_seconds=options["mem_interval"],
        scrape_url=options["scrape_url"],
        heap_metrics=_mapping(options["heap_metrics"]),
        pprof_url=options["pprof_url"],
        expvar_url=options["expvar_url"],
        follow_csv=options["follow_csv"],
        payments_from=_pattern(options["payments_from"]),
        listen_address=options["listen_address"],
        web_config=options["web_config_file"],
        run_name=options["run_name"] or "",
        csv=options["csv"],
        existing_csv=existing_csv(append=options["csv_append"], overwrite=options["csv_overwrite"]),
        linger_seconds=options["linger"],
        quiet=options["quiet"],
        log_format=options["log_format"],
        fail_on=options["fail_on"],
    )


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        heap, equals, metric = pair.partition("=")
        if not (heap and equals and metric):
            raise ConfigError(f"map is {pair!r}: write it like native=my_allocated_bytes")
        mapping[heap] = metric
    return mapping


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise ConfigError(f"payments-from is {text!r}: {error}; write a regular expression of Python") from error
