"""``exporter matrix``: many runs from one plan."""

import json

import click

from exporter.cli.options import SettingsCommand, parameters_of, settings_from
from exporter.settings.matrix import MatrixSettings


@click.command("matrix", cls=SettingsCommand, params=parameters_of(MatrixSettings, environment=False))
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Run every cell of a plan and show which of them leak.

    PLAN.yaml names drivers, scenarios, durations and repetitions. What has ended is not run again when the same plan
    is started again. With --kubernetes they run on a cluster. Exit code: the gravest of all cells.
    """
    asked = settings_from(ctx, MatrixSettings)
    if asked.kubernetes and not asked.schema:
        from exporter.fleet.cluster.command import run_on_cluster

        return run_on_cluster(asked)
    if asked.schema or asked.plan is None:
        from exporter.fleet.plan import plan_schema

        click.echo(json.dumps(plan_schema(), indent=2))
        return 0
    from exporter.fleet.matrix import run_matrix

    return run_matrix(asked, asked.plan)
