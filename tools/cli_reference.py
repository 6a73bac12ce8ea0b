"""Print the reference of the command line, ``docs/cli.md``, from the help of every command."""

import click

from exporter.cli import COMMANDS, cli
from exporter.cli.options import SettingOption

_WIDTH = 110


def reference() -> str:
    """Return the page as Markdown."""
    root = click.Context(
        cli, info_name="exporter", terminal_width=_WIDTH, max_content_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    parts = [
        "# Command line",
        "Look up a command, its options, the variables that set them, and the limits of their values. `make docs` makes"
        " this page from the commands' own help.",
        _section(root, "exporter"),
    ]
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        parts += _command(root, name, command)
    return "\n\n".join(parts) + "\n"


def _command(parent: click.Context, name: str, command: click.Command) -> list[str]:
    context = click.Context(command, parent=parent, info_name=name)
    parts = [_section(context, context.command_path), *_table(command)]
    if isinstance(command, click.Group):
        for inner_name in command.list_commands(context):
            inner = command.get_command(context, inner_name)
            assert inner is not None
            parts += _command(context, inner_name, inner)
    return parts


def _section(context: click.Context, title: str) -> str:
    return f"## `{title}`\n\n```text\n{context.get_help()}\n```"


def _table(command: click.Command) -> list[str]:
    """What the help doesn't say of the options; empty where there is nothing to add."""
    options = [each for each in command.params if isinstance(each, SettingOption)]
    rows = [
        f"| `--{each.flag.name}` | {', '.join(f'`{name}`' for name in each.variables)} | {each.setting.limits} |"
        for each in options
        if each.variables or each.setting.limits
    ]
    return ["\n".join(["| option | variables | limits |", "|---|---|---|", *rows])] if rows else []


if __name__ == "__main__":
    print(reference(), end="")
