"""``exporter plot``: one page from the CSV files of one or several runs."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exporter.errors import ConfigError

if TYPE_CHECKING:
    from exporter.report import ReportRun

_DEFAULT_OUTPUT = Path("memtest_report.html")
_path = click.Path(path_type=Path)


@click.command("plot")
@click.argument("files", nargs=-1, metavar="[FILE | LABEL:FILE]...")
@click.option("--go", type=_path, metavar="FILE", help="A run of the Go harness, labelled Go.")
@click.option("--rust", type=_path, metavar="FILE", help="A run of the Rust harness, labelled Rust.")
@click.option("--compare", multiple=True, metavar="LABEL:FILE ...", help="Runs to compare, each under its label.")
@click.option("-o", "--output", type=_path, help=f"Page to write; {_DEFAULT_OUTPUT} unless a picture is asked for.")
@click.option("-t", "--title", help="Heading of the page; the runs' labels if not given.")
@click.option(
    "--heap-dumps",
    nargs=2,
    type=_path,
    metavar="BEFORE AFTER",
    help="Two heap dumps of the one run that is plotted: the page names the code that allocated what stayed.",
)
@click.option("--png", type=_path, metavar="FILE", help="Write a picture, too.")
@click.option("--svg", type=_path, metavar="FILE", help="Write a picture that scales, too.")
def command(
    files: tuple[str, ...],
    go: Path | None,
    rust: Path | None,
    compare: tuple[str, ...],
    output: Path | None,
    title: str | None,
    heap_dumps: tuple[Path, Path] | None,
    png: Path | None,
    svg: Path | None,
) -> int:
    """Show what happened in a run, or in several side by side, on one page.

    The page needs no network. It opens with the verdict, or with the difference between the runs. A run is a CSV file
    of this program, of the Go harness or of the Rust harness, in any mixture: FILE, or LABEL:FILE to name it.
    """
    named = [(label, path) for label, path in (("Go", go), ("Rust", rust)) if path is not None]
    named += [_split(text) for text in (*compare, *files)]
    _check_runs([path for _, path in named], heap_dumps)
    _check_targets({"output": output, "png": png, "svg": svg}, {path.absolute() for _, path in named})
    from exporter.report.page import conclusion, write_page  # numpy and the rest are not needed for --help
    from exporter.report.prepared import prepare

    runs = prepare([_read(label, path, heap_dumps) for label, path in named])
    heading = title or ", ".join(run.label for run in runs)
    told = conclusion(runs)
    pictures = [path for path in (png, svg) if path is not None]
    if output is not None or not pictures:
        output = output or _DEFAULT_OUTPUT
        write_page(output, runs, heading)
    if pictures:
        from exporter.report.picture import write_picture

        for path in pictures:
            write_picture(path, runs, heading, told)
    click.echo(told)
    for written in (output, *pictures):
        if written is not None:
            click.echo(f"Written: {written}")
    return 0


def _check_runs(runs: Sequence[Path], heap_dumps: tuple[Path, Path] | None) -> None:
    if not runs:
        raise ConfigError("no run to plot: name a CSV file, for example: exporter plot out.csv")
    if heap_dumps and len(runs) > 1:
        raise ConfigError(f"heap-dumps belong to one run, and {len(runs)} are plotted: name one CSV file")


def _check_targets(targets: Mapping[str, Path | None], runs: Collection[Path]) -> None:
    for option, path in targets.items():
        if path is None:
            continue
        if option != "output" and path.suffix.lower() != f".{option}":
            raise ConfigError(f"{option} is {str(path)!r}: give it a name that ends in .{option}")
        if path.absolute() in runs:
            raise ConfigError(f"{option} is {str(path)!r}, one of the runs, which would be lost: name another file")


def _split(text: str) -> tuple[str, Path]:
    """Take LABEL:FILE apart, where both may have colons; a file that exists needs no label."""
    whole = Path(text)
    if ":" not in text or whole.exists():
        return "", whole
    places = [place for place, character in enumerate(text) if character == ":"]
    place = next((place for place in places if Path(text[place + 1 :]).is_file()), places[0])
    return text[:place], Path(text[place + 1 :])


def _read(label: str, path: Path, heap_dumps: tuple[Path, Path] | None) -> "ReportRun":
    from exporter.analysis.series import read_csv
    from exporter.report import ReportRun
    from exporter.report.sites import allocation_sites

    return ReportRun(label, read_csv(path), sites=allocation_sites(*heap_dumps) if heap_dumps else ())
