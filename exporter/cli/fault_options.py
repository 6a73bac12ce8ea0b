"""The options that make the local network fail on demand, for every command that starts it."""

from functools import partial
from typing import Any

import click

from exporter.cli.options import Duration, EnvironmentOption
from exporter.settings.network import FaultSettings

_fault = partial(EnvironmentOption, section="Faults of the local network")
_duration = Duration()


def fault_options() -> list[click.Parameter]:
    """Options for a command; what they are set to is read by `faults_of`."""
    return [
        _fault("--latency", type=_duration, default="0s", help="Delay of every answer."),
        _fault("--error-rate", type=float, default=0.0, help="Share of the calls that fail, 0 to below 1."),
        _fault("--outage-every", type=_duration, default="0s", help="Time between two outages; 0s: none."),
        _fault("--outage-for", type=_duration, default="0s", help="How long an outage lasts."),
    ]


def faults_of(options: dict[str, Any]) -> FaultSettings:
    """Return what the options of `fault_options` are set to; raises ConfigError."""
    return FaultSettings(
        latency_seconds=options["latency"],
        error_rate=options["error_rate"],
        outage_every_seconds=options["outage_every"],
        outage_for_seconds=options["outage_for"],
    )
