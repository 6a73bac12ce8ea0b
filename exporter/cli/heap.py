"""``exporter heap``: what is in the heap dumps of runs."""

import click

from exporter.cli.options import SettingsCommand, parameters_of, settings_from
from exporter.settings.recorded import DiffSettings, FlamegraphSettings


@click.group("heap")
def command() -> None:
    """Compare heap dumps of runs, or draw one.

    A run with --heap-dump heap.memray.bin writes heap-early.memray.bin after a quarter of its load,
    heap-1.memray.bin and so on at each SIGUSR1, and heap.memray.bin at its end. Dumps of Go's heap
    (heap.pb.gz) and of V8's (heap.heapsnapshot) are compared, too.
    """


@command.command("diff", cls=SettingsCommand, params=parameters_of(DiffSettings, environment=False))
@click.pass_context
def diff_command(ctx: click.Context, /, **_: object) -> None:
    """Print the code that allocated what AFTER holds beyond BEFORE, two dumps of one run.

    Rust and Python frames together, innermost first; bytes in all, per payment and per abandoned instance.
    """
    asked = settings_from(ctx, DiffSettings)
    from exporter.heaps.diff import diff_dumps, format_diff

    found = diff_dumps(asked.before, asked.after, asked.payments)
    for line in format_diff(found, asked.top):
        click.echo(line)


@command.command("flamegraph", cls=SettingsCommand, params=parameters_of(FlamegraphSettings, environment=False))
@click.pass_context
def flamegraph_command(ctx: click.Context, /, **_: object) -> None:
    """Draw what a dump holds as a flame graph: one HTML page that needs no network."""
    asked = settings_from(ctx, FlamegraphSettings)
    from exporter.heaps.flamegraph import write_flamegraph

    write_flamegraph(asked.dump, asked.output)
    click.echo(f"Flame graph: {asked.output}")
