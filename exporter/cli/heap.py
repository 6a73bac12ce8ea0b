"""``exporter heap``: what is in the heap dumps of runs."""

from pathlib import Path

import click

from exporter.errors import ConfigError

_dump = click.Path(path_type=Path)


@click.group("heap")
def command() -> None:
    """Compare heap dumps of runs, or draw one.

    A run with --heap-dump heap.memray.bin writes heap-early.memray.bin after a quarter of its load,
    heap-1.memray.bin and so on at each SIGUSR1, and heap.memray.bin at its end.
    """


@command.command("diff")
@click.argument("before", type=_dump)
@click.argument("after", type=_dump)
@click.option("--top", type=click.IntRange(min=1), default=15, show_default=True, help="How many sites to print.")
@click.option("--payments", type=click.IntRange(min=1), help="Payments in between, for dumps that don't know.")
def diff_command(before: Path, after: Path, top: int, payments: int | None) -> None:
    """Print the code that allocated what AFTER holds beyond BEFORE, two dumps of one run.

    Rust and Python frames together, innermost first; bytes in all, per payment and per abandoned instance.
    """
    from exporter.heaps.diff import diff_dumps, format_diff

    found = diff_dumps(before, after, payments)
    for line in format_diff(found, top):
        click.echo(line)


@command.command("flamegraph")
@click.argument("dump", type=_dump)
@click.option("-o", "--output", type=_dump, required=True, help="The HTML file to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
def flamegraph_command(dump: Path, output: Path, overwrite: bool) -> None:
    """Draw what a dump holds as a flame graph: one HTML page that needs no network."""
    from exporter.heaps.flamegraph import write_flamegraph

    if output.exists() and not overwrite:
        raise ConfigError(f"output {output} exists: add --overwrite to replace it, or name another file")
    write_flamegraph(dump, output)
    click.echo(f"Flame graph: {output}")
