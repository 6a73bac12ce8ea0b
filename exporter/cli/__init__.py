"""The command line: one file per command; it parses, calls, and maps errors to exit codes, nothing else.

A command is a module here whose ``command`` is a click command, and its name in ``COMMANDS``. Modules are imported
when they are asked for, and import what is heavy when they run, so that ``exporter --help`` stays fast.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from exporter import DISTRIBUTION
from exporter.cli.options import unknown_variables
from exporter.cli.streams import guard_streams
from exporter.errors import DEBUG_VARIABLE, ExporterError, defect_of
from exporter.exit_codes import ExitCode

COMMANDS = (
    *("run", "watch", "matrix", "network", "demo"),
    *("analyze", "compare", "plot", "heap"),
    *("doctor", "check-web-config", "completion"),
)
DEFAULT_COMMAND = "run"
DEBUG_FLAG = "--debug"


class CommandLine(click.Group):
    """The commands by name; options without a command belong to the default command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args, debug = _without_debug_flag(args)
        own = {option for parameter in self.get_params(ctx) for option in parameter.opts}
        # Completion parses without arguments to complete the names of commands.
        starts_with_command = bool(args) and (not args[0].startswith("-") or args[0] in own)
        if not starts_with_command and not (ctx.resilient_parsing and not args):
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, [*debug, *args])

    def invoke(self, ctx: click.Context) -> Any:
        commands = (command for name in COMMANDS if (command := self.get_command(ctx, name)) is not None)
        for name, meant in unknown_variables(commands, os.environ.keys() - {DEBUG_VARIABLE}).items():
            hint = f"; did you mean {meant}?" if meant else ""
            click.echo(f"Warning: {name} is set in the environment, and no option has this name{hint}", err=True)
        return super().invoke(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found = super().shell_complete(ctx, incomplete)
        default = self.get_command(ctx, DEFAULT_COMMAND)
        if default is not None and incomplete.startswith("-"):
            known = {item.value for item in found}
            with click.Context(default, parent=ctx, info_name=DEFAULT_COMMAND, resilient_parsing=True) as inner:
                found += [item for item in default.shell_complete(inner, incomplete) if item.value not in known]
        return found


def _without_debug_flag(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments without the flag, which may stand anywhere among ours, and the flag; ``--`` ends ours."""
    end = args.index("--") if "--" in args else len(args)
    ours = [argument for argument in args[:end] if argument != DEBUG_FLAG]
    return [*ours, *args[end:]], [DEBUG_FLAG] if len(ours) < end else []


@click.group(
    cls=CommandLine,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Without a command, 'run' is meant: exporter --duration 1h --csv out.csv. Every command ends with exit "
    "code 2 for what it can't use, 70 for a defect of its own, and 130 when interrupted.",
)
@click.version_option(package_name=DISTRIBUTION, prog_name="exporter")
@click.option(DEBUG_FLAG, is_flag=True, help="Show the traceback of an unexpected error; with any command.")
def cli(debug: bool) -> None:
    """Soak-test a payments SDK for memory leaks, live on /metrics, in a CSV, with a verdict."""
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with the exit code of what happened."""
    if sys.platform == "win32":
        click.echo("Error: exporter runs on Linux and macOS; on Windows, use WSL or a container", err=True)
        sys.exit(ExitCode.USAGE)
    guard_streams()
    sys.exit(exit_code_of(args))


def exit_code_of(args: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code, with every error printed to stderr in a sentence."""
    try:
        result: Any = cli.main(args=args, prog_name="exporter", standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except Exception as error:
        known = error if isinstance(error, ExporterError) else defect_of(error)
        click.echo(f"Error: {known}", err=True)
        return known.exit_code
    return result if isinstance(result, int) else 0
