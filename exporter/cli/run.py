"""``exporter run``: one soak run, from start to verdict."""

import shlex
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, get_args

import click

from exporter.cli.fault_options import fault_options, faults_of
from exporter.cli.options import Duration, EnvironmentOption, Line, SectionedCommand
from exporter.durations import format_duration
from exporter.errors import ConfigError
from exporter.settings.allocator import AllocatorName
from exporter.settings.load import PaymentType, Protocol, WorkloadSettings, flag_name
from exporter.settings.profiling import ProfilingSettings
from exporter.settings.run import DriverChoice, ExistingCsv, FailOn, LogFormat, RunConfig, StopOn

_DEFAULT = RunConfig()
_LOAD = _DEFAULT.workload

_duration = Duration()
_measurement = partial(EnvironmentOption, section="Measurement")
_load = partial(EnvironmentOption, section="Load")
_scenario = partial(EnvironmentOption, section="Scenarios")
_output = partial(EnvironmentOption, section="Output")
_profiles = partial(EnvironmentOption, section="Heaps and profiles")
_end = partial(EnvironmentOption, section="Verdict and end")

# What a path may be is checked where it is opened, so that the message can name the remedy.
_path = click.Path(path_type=Path)

OPTIONS = (
    _measurement(
        "--duration",
        type=_duration,
        default=format_duration(_DEFAULT.duration_seconds),
        rust_variable="MEMTEST_DURATION_SECS",
        from_rust=lambda value: f"{value}s" if value.isdigit() else value,
        help="How long to make payments.",
    ),
    _measurement(
        "--mem-interval",
        type=_duration,
        default=format_duration(_DEFAULT.mem_interval_seconds),
        help="Time between two samples of the memory.",
    ),
    _measurement(
        "--settle-every",
        type=int,
        default=_LOAD.settle_every,
        help="Payments between two samples with the load at rest; 0: at the end only.",
    ),
    _measurement(
        "--settle-min-gap",
        type=_duration,
        help="Least time between two such samples; if not given, so long that they take 2 % of the time, 5s to 15s.",
    ),
    _measurement(
        "--network",
        default=_DEFAULT.network,
        help="'local', the hosted 'regtest', or a file that 'exporter network' has printed.",
    ),
    _measurement(
        "--driver",
        "drivers",
        multiple=True,
        help="What to test: python (if none is named), python@RELEASE, go, node, rust; several at once are compared.",
    ),
    _measurement(
        "--driver-command",
        "driver_commands",
        multiple=True,
        type=Line(),
        help="A program to test, too or instead: it speaks the driver protocol.",
    ),
    _measurement(
        "--driver-timeout",
        type=_duration,
        default=format_duration(_DEFAULT.driver_timeout_seconds),
        help="A driver that is silent for longer is taken for dead.",
    ),
    *fault_options(),
    _load(
        "--protocol",
        type=click.Choice(get_args(Protocol)),
        default=_LOAD.protocol,
        help="'doubling' loads in phases, each as long as all before it, and compares what they have added.",
    ),
    _load(
        "--interval",
        type=_duration,
        default=format_duration(_LOAD.interval_seconds),
        help="Time between the starts of two payments; 0s: as fast as they go.",
    ),
    _load("--amount", type=int, default=_LOAD.amount_sats, help="Satoshis per payment."),
    _load("--in-flight", type=int, default=_LOAD.in_flight, help="Payments at once."),
    _load(
        "--payment-type",
        type=click.Choice(get_args(PaymentType)),
        default=_LOAD.payment_type,
        help="How to pay; 'both' alternates.",
    ),
    _load(
        "--prefer-spark/--no-prefer-spark",
        default=_LOAD.prefer_spark,
        help="Whether a Lightning invoice between two Spark wallets is paid over Spark.",
    ),
    _load("--pairs", type=int, default=_LOAD.pairs, help="Pairs of wallets that pay each other."),
    _scenario("--reconnect-cycles", is_flag=True, help="Disconnect and connect again now and then."),
    _scenario("--reconnect-every", type=int, default=_LOAD.reconnect_every, help="Payments between two reconnects."),
    _scenario("--abandon-instances", is_flag=True, help="Reconnect without disconnecting first, which leaks."),
    _scenario("--listener-churn", is_flag=True, help="Add and remove event listeners at every payment."),
    _scenario("--frequent-sync", is_flag=True, help="Synchronise the wallets at every payment."),
    _scenario(
        "--payment-history",
        is_flag=True,
        rust_variable="MEMTEST_PAYMENT_HISTORY_QUERIES",
        help="List the payments at every payment.",
    ),
    _scenario(
        "--payment-history-limit",
        type=int,
        default=_LOAD.payment_history_limit,
        help="Payments in such a list; 0: all.",
    ),
    _scenario("--destroy-responses", is_flag=True, help="Free such a list at once."),
    _scenario("--force-gc", is_flag=True, help="Collect garbage after every payment."),
    _scenario(
        "--extra-instances", type=int, default=_LOAD.extra_instances, help="Further, idle SDK instances per seed."
    ),
    _scenario(
        "--failing-payments",
        type=float,
        default=_LOAD.failing_payments,
        help="Share of the payments that is made to fail, 0 to 1.",
    ),
    _output(
        "--csv",
        type=_path,
        rust_variable="MEMTEST_CSV_FILE",
        help="File for one row per sample.",
    ),
    _output("--csv-append", is_flag=True, help="Go on with an existing CSV file."),
    _output("--csv-overwrite", is_flag=True, help="Replace an existing CSV file."),
    _output("--report", type=_path, help="Page to write at the end, with charts; it needs no network."),
    _output(
        "--listen-address",
        default=_DEFAULT.listen_address,
        help="Where to serve /metrics: host:port, [v6]:port or :port.",
    ),
    _output(
        "--web-config-file",
        "--web.config.file",
        "web_config_file",
        type=_path,
        help="TLS and users of the HTTP side, in the format of the Prometheus exporters.",
    ),
    _output("--run-name", help="Name of the run in metrics and report; its start time if not given."),
    _output("--quiet", is_flag=True, help="Print the final report only."),
    _output(
        "--log-format",
        type=click.Choice(get_args(LogFormat)),
        default=_DEFAULT.log_format,
        help="Format of the log on stderr.",
    ),
    _profiles(
        "--allocator",
        type=click.Choice(get_args(AllocatorName)),
        default=_DEFAULT.allocator,
        help="The allocator that the SDK's process runs under.",
    ),
    _profiles(
        "--pprof",
        is_flag=True,
        help="Serve profiles of the SDK's process for 'go tool pprof', on 127.0.0.1.",
    ),
    _profiles("--pprof-port", type=int, default=_DEFAULT.profiling.pprof_port, help="Port of the profiles."),
    _profiles(
        "--heap-dump",
        type=_path,
        help="Write what the SDK's process holds and which code allocated it, early, at the end and at each SIGUSR1.",
    ),
    _end(
        "--fail-on",
        type=click.Choice(get_args(FailOn)),
        default=_DEFAULT.fail_on,
        help="Verdict that makes the exit code 1 (leak) or 3 (inconclusive, which includes leak).",
    ),
    _end(
        "--stop-on",
        type=click.Choice(get_args(StopOn)),
        default=_DEFAULT.stop_on,
        help="Verdict that ends the run early: leak, once four looks in a row, a minute apart, have shown one.",
    ),
    _end(
        "--max-failure-ratio",
        type=float,
        default=_DEFAULT.max_failure_ratio,
        help="Share of failed payments above which the load counts as failed.",
    ),
    _end(
        "--linger",
        type=_duration,
        default=format_duration(_DEFAULT.linger_seconds),
        help="Keep serving after the end, so that the last state is scraped.",
    ),
)


@click.command("run", cls=SectionedCommand, params=list(OPTIONS))
def command(**options: Any) -> int:
    """Put a payments SDK under load, measure its memory, and say whether it leaks.

    Every option can be set by MEMTEST_<OPTION> in the environment, for example MEMTEST_MEM_INTERVAL=10s.
    Exit codes: 0 no leak or inconclusive, 1 leak, 2 usage, 3 inconclusive with --fail-on inconclusive,
    4 the subject died, 5 the load failed, 130 interrupted.
    """
    from exporter.runs.soak import run  # asyncio and the HTTP server are not needed for --help

    return run(config_of(options))


def config_of(options: dict[str, Any]) -> RunConfig:
    """Build the run's settings from the parsed options; raises ConfigError."""
    load = {flag_name(field.name).replace("-", "_"): field.name for field in fields(WorkloadSettings)}
    return RunConfig(
        duration_seconds=options["duration"],
        mem_interval_seconds=options["mem_interval"],
        network=options["network"],
        faults=faults_of(options),
        drivers=_drivers(options["drivers"], options["driver_commands"]),
        driver_timeout_seconds=options["driver_timeout"],
        workload=WorkloadSettings(**{name: options[option] for option, name in load.items()}),
        allocator=options["allocator"],
        profiling=ProfilingSettings(options["pprof"], options["pprof_port"], options["heap_dump"]),
        listen_address=options["listen_address"],
        web_config=options["web_config_file"],
        run_name=options["run_name"] or "",
        csv=options["csv"],
        report=options["report"],
        existing_csv=existing_csv(append=options["csv_append"], overwrite=options["csv_overwrite"]),
        linger_seconds=options["linger"],
        quiet=options["quiet"],
        log_format=options["log_format"],
        max_failure_ratio=options["max_failure_ratio"],
        fail_on=options["fail_on"],
        stop_on=options["stop_on"],
    )


def _drivers(names: Sequence[str], commands: Sequence[str]) -> tuple[DriverChoice, ...]:
    chosen = (*(DriverChoice(name) for name in names), *(_driver(text) for text in commands))
    return chosen or _DEFAULT.drivers


def _driver(text: str) -> DriverChoice:
    try:
        command = tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigError(f"driver-command is {text!r}: {error}; quote it as for a shell") from error
    if not command:
        raise ConfigError("driver-command is empty: name a program, or leave the option out")
    return DriverChoice(Path(command[0]).stem, command)


def existing_csv(*, append: bool, overwrite: bool) -> ExistingCsv:
    if append and overwrite:
        raise ConfigError("csv-append and csv-overwrite contradict each other: choose one")
    return "append" if append else "overwrite" if overwrite else "refuse"
