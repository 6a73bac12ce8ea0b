"""``exporter completion``: the script that teaches a shell to complete the command line."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion", epilog='For example, in ~/.bashrc: eval "$(exporter completion bash)"')
@click.argument("shell", type=click.Choice(tuple(_SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell."""
    root = ctx.find_root()
    completion = _SHELLS[shell](root.command, {}, "exporter", "_EXPORTER_COMPLETE")
    click.echo(completion.source())
