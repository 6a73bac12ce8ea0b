"""``exporter plot``: one page from the CSV files of one or several runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exporter.cli.options import SettingsCommand, parameters_of, settings_from
from exporter.settings.recorded import DEFAULT_PAGE, PlotSettings

if TYPE_CHECKING:
    from exporter.report.runs import ReportRun


@click.command("plot", cls=SettingsCommand, params=parameters_of(PlotSettings, environment=False))
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Draw one run, or several side by side, on one page.

    The page needs no network. It opens with the verdict, or with the difference between the runs. A run is a CSV file
    of this program, of the Go harness or of the Rust harness, in any mixture: FILE, or LABEL:FILE to name it.
    """
    asked = settings_from(ctx, PlotSettings)
    from exporter.report.page import conclusion, write_page  # numpy and the rest are not needed for --help
    from exporter.report.prepared import prepare

    runs = prepare([_read(label, path, asked.heap_dumps) for label, path in asked.runs])
    heading = asked.title or ", ".join(run.label for run in runs)
    told = conclusion(runs)
    pictures = [path for path in (asked.png, asked.svg) if path is not None]
    page = asked.output or (None if pictures else DEFAULT_PAGE)
    if page is not None:
        write_page(page, runs, heading)
    if pictures:
        from exporter.report.picture import write_picture

        for path in pictures:
            write_picture(path, runs, heading, told)
    click.echo(told)
    for written in (page, *pictures):
        if written is not None:
            click.echo(f"Written: {written}")
    return 0


def _read(label: str, path: Path, heap_dumps: tuple[Path, ...]) -> "ReportRun":
    from exporter.analysis.series import read_csv
    from exporter.report.runs import ReportRun
    from exporter.report.sites import allocation_sites

    return ReportRun(label, read_csv(path), sites=allocation_sites(*heap_dumps) if heap_dumps else ())
