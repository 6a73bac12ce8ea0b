"""``exporter network``: the local Spark network alone, for any SDK or for several runs."""

import click

from exporter.cli.options import SectionedCommand, parameters_of, settings_from
from exporter.settings.network import NetworkSettings


@click.command("network", cls=SectionedCommand, params=parameters_of(NetworkSettings))
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> None:
    """Run the local Spark network in the foreground.

    Prints one JSON object that tells an SDK how to connect, then serves until it is interrupted. Another terminal
    uses the network by that object: exporter network > network.json; exporter --network network.json
    """
    from exporter.network.__main__ import run  # gRPC is not needed for --help

    run(settings_from(ctx, NetworkSettings), until_stdin_closes=False)
