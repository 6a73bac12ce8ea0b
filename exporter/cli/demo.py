"""``exporter demo``: a leak and its clean twin in two minutes."""

import click

from exporter.cli.options import SettingsCommand, parameters_of, settings_from
from exporter.settings.demo import DemoSettings


@click.command("demo", cls=SettingsCommand, params=parameters_of(DemoSettings, environment=False))
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> None:
    """Show a leak beside its clean twin, in two minutes.

    Two short runs at once, then a page that shows both. The same commands with a longer --duration are real tests.
    """
    asked = settings_from(ctx, DemoSettings)
    from exporter.runs.demo import demo  # asyncio is not needed for --help

    demo(asked.output, click.echo)
