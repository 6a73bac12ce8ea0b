"""``exporter network``: the local Spark network alone, for any SDK or for several runs."""

import click


@click.command("network")
def command() -> int:
    """Run the local Spark network in the foreground.

    Prints one JSON object that tells an SDK how to connect, then serves until interrupted or until its standard
    input closes. 'exporter --network FILE' uses a network whose object was written to FILE.
    """
    from exporter.network.__main__ import main  # gRPC is not needed for --help

    return main()
