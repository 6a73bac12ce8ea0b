"""``exporter watch``: any program as the subject of a measurement."""

import click

from exporter.cli.options import SectionedCommand, parameters_of, settings_from
from exporter.settings.watch import WatchConfig

# The variables of the Rust memory test set those of the program that is watched.
_PARAMETERS = parameters_of(WatchConfig, harness=False)


@click.command("watch", cls=SectionedCommand, params=_PARAMETERS)
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Watch any program's memory from outside and judge it.

    What it has started itself counts too. Exit codes: as of 'exporter run'; 4 also when the program fails.
    """
    from exporter.runs.watch import watch  # asyncio and the HTTP server are not needed for --help

    return watch(settings_from(ctx, WatchConfig))
