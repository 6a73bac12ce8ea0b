"""``exporter check-web-config``: check a web configuration file before it is used."""

from pathlib import Path

import click

from exporter.web.live_config import load_web_config


@click.command("check-web-config")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def check_web_config(file: Path) -> None:
    """Check FILE, a web configuration in exporter-toolkit's schema, with the certificates that it names."""
    config, _ = load_web_config(file)
    tls = f"TLS from {config.tls.min_version} on, {config.tls.client_auth_type}" if config.tls else "no TLS"
    click.echo(f"{file} is valid: {tls}; {len(config.users)} users")
