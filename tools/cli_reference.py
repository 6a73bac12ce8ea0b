"""Print the reference of the command line, ``docs/cli.md``, from the help of every command."""

import click

from exporter.cli import COMMANDS, cli

_WIDTH = 110


def reference() -> str:
    """Return the page as Markdown."""
    root = click.Context(
        cli, info_name="exporter", terminal_width=_WIDTH, max_content_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    parts = [
        "# Command line",
        "Made by `make docs` from the commands' own help.",
        _section(root, "exporter"),
    ]
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        parts += _command(root, name, command)
    return "\n\n".join(parts) + "\n"


def _command(parent: click.Context, name: str, command: click.Command) -> list[str]:
    context = click.Context(command, parent=parent, info_name=name)
    parts = [_section(context, context.command_path)]
    if isinstance(command, click.Group):
        for inner_name in command.list_commands(context):
            inner = command.get_command(context, inner_name)
            assert inner is not None
            parts += _command(context, inner_name, inner)
    return parts


def _section(context: click.Context, title: str) -> str:
    return f"## `{title}`\n\n```text\n{context.get_help()}\n```"


if __name__ == "__main__":
    print(reference(), end="")
