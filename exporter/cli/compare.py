"""``exporter compare``: is one run's memory worse than another's?"""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from exporter.exit_codes import ExitCode


@click.command("compare")
@click.argument("files", nargs=-1, required=True, metavar="[A] B...", type=click.Path(path_type=Path))
@click.option("--baseline", type=click.Path(path_type=Path), help="The run to compare all others with, instead of A.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    metavar="KIB_PER_MIN",
    help="Faster growth than this makes a run worse.",
)
@click.option(
    "--level-tolerance",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="PERCENT",
    help="A higher level or peak than this makes a run worse.",
)
@click.option("--json", "as_json", is_flag=True, help="Print every field as JSON.")
def command(
    files: Sequence[Path], baseline: Path | None, tolerance: float, level_tolerance: float, as_json: bool
) -> int:
    """Say whether run B's memory is worse than run A's, by how much, and how sure that is.

    Exit code 1 when a run is worse by more than the tolerance, at 95 % confidence.
    """
    from exporter.analysis.compare import compare
    from exporter.analysis.series import read_csv
    from exporter.report.side_by_side import comparison_text

    first, *others = files if baseline is None else (baseline, *files)
    if not others:
        raise click.UsageError("name two runs, or one run and --baseline FILE")
    a = read_csv(first)
    found = [compare(a, read_csv(other), tolerance, level_tolerance / 100) for other in others]
    if as_json:
        click.echo(json.dumps({"comparisons": [comparison.as_dict() for comparison in found]}, indent=2))
    else:
        click.echo("\n\n".join(comparison_text(comparison) for comparison in found))
    return ExitCode.LEAK if any(comparison.worse for comparison in found) else ExitCode.NO_LEAK
