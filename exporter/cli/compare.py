"""``exporter compare``: is one run's memory worse than another's?"""

import json

import click

from exporter.cli.options import SettingsCommand, parameters_of, settings_from
from exporter.exit_codes import ExitCode
from exporter.settings.recorded import CompareSettings


@click.command("compare", cls=SettingsCommand, params=parameters_of(CompareSettings, environment=False))
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Show whether run B's memory is worse than run A's.

    Exit code 1 when a run is worse by more than the tolerance, at 95 % confidence.
    """
    asked = settings_from(ctx, CompareSettings)
    from exporter.analysis.compare import compare
    from exporter.analysis.series import read_csv
    from exporter.report.side_by_side import comparison_text

    first, *others = asked.files if asked.baseline is None else (asked.baseline, *asked.files)
    a = read_csv(first)
    tolerances = asked.tolerance_kib_per_min, asked.level_tolerance_percent / 100
    found = [compare(a, read_csv(other), *tolerances) for other in others]
    if asked.json:
        click.echo(json.dumps({"comparisons": [comparison.as_dict() for comparison in found]}, indent=2))
    else:
        click.echo("\n\n".join(comparison_text(comparison) for comparison in found))
    return ExitCode.LEAK if any(comparison.worse for comparison in found) else ExitCode.NO_LEAK
