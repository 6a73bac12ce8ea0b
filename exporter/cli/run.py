"""``exporter run``: one soak run, from start to verdict."""

import click

from exporter.cli.options import SectionedCommand, parameters_of, settings_from
from exporter.settings.run import RunConfig


@click.command("run", cls=SectionedCommand, params=parameters_of(RunConfig))
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Put a payments SDK under load and judge its memory.

    Every option can be set by MEMTEST_<OPTION> in the environment, for example MEMTEST_MEM_INTERVAL=10s.
    Exit codes: 0 no leak or inconclusive, 1 leak, 2 usage, 3 inconclusive with --fail-on inconclusive,
    4 the subject died, 5 the load failed, 130 interrupted.
    """
    from exporter.runs.soak import run  # asyncio and the HTTP server are not needed for --help

    return run(settings_from(ctx, RunConfig))
