"""``exporter network``: the local Spark network alone, for any SDK or for several runs."""

import asyncio

import click


@click.command("network")
def command() -> None:
    """Run the local Spark network in the foreground.

    Prints one JSON object that tells an SDK how to connect, then serves until it is interrupted. Another terminal
    uses the network by that object: exporter network > network.json; exporter --network network.json
    """
    # gRPC is not needed for --help.
    from exporter.network.__main__ import serve
    from exporter.network.local import Settings

    asyncio.run(serve(Settings(), until_stdin_closes=False))
