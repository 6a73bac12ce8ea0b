"""``exporter doctor``: what this machine has and lacks, and for which feature."""

import click


@click.command("doctor")
def command() -> None:
    """List what this machine has and lacks, by feature.

    Nothing is started or installed. Each missing feature comes with what to do about it.
    """
    from exporter.doctor import findings, machine  # psutil and the drivers are not needed for --help

    formatter = click.HelpFormatter(max_width=100)
    formatter.write_text(machine())
    formatter.write_paragraph()
    formatter.write_dl(list(findings()), col_max=40)
    click.echo(formatter.getvalue(), nl=False)
