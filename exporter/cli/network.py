"""``exporter network``: the local Spark network alone, for any SDK or for several runs."""

import os
from functools import partial
from typing import Any

import click

from exporter.cli.fault_options import fault_options, faults_of
from exporter.cli.options import Duration, EnvironmentOption, SectionedCommand
from exporter.durations import format_duration
from exporter.settings.network import BLOCK_SECONDS, CONFIRMATIONS, ChainSettings, Settings, login_from

_network = partial(EnvironmentOption, section="Network")

OPTIONS = (
    _network("--port", type=click.IntRange(0, 65535), default=0, help="HTTP port; 0: any free one."),
    _network(
        "--block-interval",
        type=Duration(),
        default=format_duration(BLOCK_SECONDS),
        help="Time between two blocks of the chain.",
    ),
    _network(
        "--confirmations", type=int, default=CONFIRMATIONS, help="Confirmations from which on a deposit is mature."
    ),
    _network(
        "--faucet-login", is_flag=True, help="Have the faucet ask for FAUCET_USERNAME and FAUCET_PASSWORD, as set here."
    ),
    *fault_options(),
)


@click.command("network", cls=SectionedCommand, params=list(OPTIONS))
def command(**options: Any) -> None:
    """Run the local Spark network in the foreground.

    Prints one JSON object that tells an SDK how to connect, then serves until it is interrupted. Another terminal
    uses the network by that object: exporter network > network.json; exporter --network network.json
    """
    from exporter.network.__main__ import run  # gRPC is not needed for --help

    settings = Settings(
        port=options["port"],
        faucet=login_from(os.environ) if options["faucet_login"] else None,
        chain=ChainSettings(options["block_interval"], options["confirmations"]),
        faults=faults_of(options),
    )
    run(settings, until_stdin_closes=False)
