"""``exporter check-web-config``: check a web configuration file before it is used."""

from pathlib import Path

import click


@click.command("check-web-config")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def command(file: Path) -> None:
    """Check a web configuration file.

    FILE is in exporter-toolkit's schema: TLS, users, headers. The certificates that it names are loaded too.
    """
    from exporter.publish.toolkit.live_config import load_web_config

    config, _ = load_web_config(file)
    tls = f"TLS from {config.tls.min_version} on, {config.tls.client_auth_type}" if config.tls else "no TLS"
    users = "1 user" if len(config.users) == 1 else f"{len(config.users) or 'no'} users"
    click.echo(f"{file} is valid: {tls}, {users}")
