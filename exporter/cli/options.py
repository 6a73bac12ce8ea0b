"""Options that the environment can set too, under this program's names and the Rust harness's."""

import os
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

import click
from click.core import ParameterSource

from exporter.durations import parse_duration

ENVIRONMENT_PREFIX = "MEMTEST_"
_OFF = frozenset({"0", "false", "no", "off"})


class Duration(click.ParamType[float]):
    """A Go-style duration on the command line, seconds as a float in the program."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Line(click.types.StringParamType):
    """A text that may hold blanks; several in a variable are on a line each."""

    envvar_list_splitter = "\n"


class EnvironmentOption(click.Option):
    """An option that ``MEMTEST_<FLAG>`` sets as well, and perhaps a variable of the Rust harness.

    A switch is on when its variable is set, as in the Rust harness, unless to 0, false, no or off.
    ``section`` is the heading of the option in the help.
    """

    def __init__(
        self,
        *declarations: str,
        section: str,
        rust_variable: str | None = None,
        from_rust: Callable[[str], str] = str,
        **kwargs: Any,
    ) -> None:
        super().__init__(declarations, show_default=True, **kwargs)
        self.section = section
        self.rust_variable = rust_variable
        self._from_rust = from_rust
        longest = max(self.opts, key=len)
        self.envvar = ENVIRONMENT_PREFIX + longest.lstrip("-").replace("-", "_").replace(".", "_").upper()

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Name what was set: the option, or the variable."""
        if ctx is None or ctx.get_parameter_source(str(self.name)) is not ParameterSource.ENVIRONMENT:
            return super().get_error_hint(ctx)
        return str(self.envvar if self.envvar in os.environ else self.rust_variable)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that set it."""
        return (str(self.envvar), *([self.rust_variable] if self.rust_variable else []))

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        value = os.environ.get(str(self.envvar))
        if value is None and self.rust_variable is not None:
            value = os.environ.get(self.rust_variable)
            value = self._from_rust(value) if value else value
        if value is None:
            return None
        if self.is_flag:
            return "false" if value.strip().lower() in _OFF else "true"
        return value or None


def unknown_variables(commands: Iterable[click.Command], environment: Iterable[str]) -> dict[str, str | None]:
    """The variables that look like ones of ours and set no option, each with the one that may have been meant."""
    set_here = sorted(name for name in environment if name.startswith(ENVIRONMENT_PREFIX))
    if not set_here:
        return {}  # the usual case, in which no command has to be imported
    options = (option for command in commands for option in command.params if isinstance(option, EnvironmentOption))
    known = {variable for option in options for variable in option.variables}
    return {name: next(iter(get_close_matches(name, known, 1, 0.85)), None) for name in set_here if name not in known}


class SectionedCommand(click.Command):
    """A command whose help lists its options under the headings that they name."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(parameter, "section", "Other"), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
