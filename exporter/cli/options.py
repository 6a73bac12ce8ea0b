"""Options made of the settings that declare them, and the commands that take them."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from exporter.settings.declared import VARIABLE_PREFIX, Flag, Section, Setting, all_settings
from exporter.settings.group import SettingsGroup, Texts, check_installed
from exporter.settings.kinds import DURATION, PATH, TEXT, Kind, read_switch

Group = TypeVar("Group", bound=SettingsGroup)


class Written(click.ParamType[str]):
    """A text on the command line, which the setting reads and checks."""

    def __init__(self, kind: Kind, separator: str | None) -> None:
        self.name = kind.name
        self._kind = kind
        self._separator = separator

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        return f"[{'|'.join(self._kind.choices)}]" if self._kind.choices else None

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        return [text for text in rv.split(self._separator) if text]

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        if self._kind.name == PATH.name:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(each) for each in self._kind.choices if each.startswith(incomplete)]


class SettingOption(click.Option):
    """One flag of a setting, and the variables that set it as well, if ``environment`` may.

    A switch is on when its variable is set, as in the Rust memory test, unless to 0, false, no or off.
    """

    def __init__(self, setting: Setting, flag: Flag, *, environment: bool, harness: bool) -> None:
        kind = flag.kind or TEXT
        self.flag = flag
        self.section = str(setting.section)
        self.is_switch = flag.value is not None or kind.is_switch
        self.harness_variable = flag.harness_variable if environment and harness else ""
        self.setting = setting
        names = f"--{flag.name}" + (f"/--{flag.negative}" if flag.negative else "")
        short = [f"-{flag.short}"] if flag.short else []
        if self.is_switch:
            more: dict[str, Any] = {"is_flag": True, "default": bool(setting.default) and flag.value is None}
        else:
            more = {"type": Written(kind, flag.separator), "multiple": flag.many, "metavar": flag.metavar}
            more |= {"nargs": flag.values} if flag.values > 1 else {}
            if setting.default not in (None, "", ()) and not flag.many:
                more["default"] = DURATION.write(setting.default) if kind is DURATION else setting.default
        super().__init__(
            [*short, names, *(f"--{alias}" for alias in flag.aliases), flag.parameter],
            help=flag.help,
            show_default=True,
            **more,
        )
        self.envvar = flag.variable if environment else None

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that set it."""
        return tuple(name for name in (str(self.envvar or ""), self.harness_variable) if name)

    @property
    def variable_set(self) -> str:
        """The one of the variables that counts; empty if none is set."""
        return next((name for name in self.variables if name in os.environ), "")

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        return {**extra, "required": "required"} if self.setting.required else extra

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        name = self.variable_set
        if not name:
            return None
        value = os.environ[name]
        if name == self.harness_variable:
            value = self.flag.from_harness(value)
        if not self.is_switch:
            return value or None
        try:
            return "true" if not value.strip() or read_switch(value) else "false"
        except ValueError:
            return "true"


def parameters_of(
    group: type[SettingsGroup], *, environment: bool = True, harness: bool = True
) -> list[click.Parameter]:
    """The arguments and options of a group of settings, by section.

    Without ``environment`` no variable sets them, without ``harness`` none of the Rust memory test's does.
    """
    sections = list(Section)
    made: list[click.Parameter] = []
    for setting in sorted(all_settings(group), key=lambda each: (not each.positional, sections.index(each.section))):
        for flag in setting.flags:
            if setting.positional:
                made.append(_argument(flag))
            else:
                made.append(SettingOption(setting, flag, environment=environment, harness=harness))
    return made


def _argument(flag: Flag) -> click.Argument:
    return click.Argument(
        [flag.parameter],
        nargs=-1 if flag.many else 1,
        required=False,  # what is missing is said together with what is wrong
        type=Written(flag.kind or TEXT, None),
        metavar=flag.metavar or flag.name,
    )


def settings_from(ctx: click.Context, group: type[Group]) -> Group:
    """Read the settings from a parsed command line, to carry them out here.

    Raises ConfigError with all that is wrong with them, or else with what they take and is not installed.
    """
    given: dict[str, Texts] = {}
    called: dict[str, str] = {}
    for parameter in ctx.command.params:
        name = str(parameter.name)
        source = ctx.get_parameter_source(name)
        value = ctx.params.get(name)
        if source in (ParameterSource.DEFAULT, None) or value is None:
            continue
        given[name] = str(value).lower() if isinstance(value, bool) else value
        if source is ParameterSource.ENVIRONMENT and isinstance(parameter, SettingOption):
            called[name] = parameter.variable_set
    found = group.from_texts(given | ctx.meta.get(_SAID, {}), called)
    check_installed([found])
    return found


def unknown_variables(commands: Iterable[click.Command], environment: Iterable[str]) -> dict[str, str | None]:
    """The variables that look like ones of ours and set no option, each with the one that may have been meant."""
    set_here = sorted(name for name in environment if name.startswith(VARIABLE_PREFIX))
    if not set_here:
        return {}  # the usual case, in which no command has to be imported
    options = (option for command in commands for option in command.params if isinstance(option, SettingOption))
    known = {variable for option in options for variable in option.variables}
    return {name: next(iter(get_close_matches(name, known, 1, 0.85)), None) for name in set_here if name not in known}


_SAID = f"{__name__}.said"


class SettingsCommand(click.Command):
    """A command whose options settings declare.

    It reads long options with one hyphen and switches with a value too, as Go's programs do: ``-quiet=true``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = {name: each for each in self.params if isinstance(each, SettingOption) for name in each.opts}
        ctx.meta[_SAID] = {}
        letters = "".join(name[1] for name, each in options.items() if len(name) == 2 and not each.is_switch)
        return super().parse_args(ctx, list(_as_click_reads(args, options, letters, ctx.meta[_SAID])))


class SectionedCommand(SettingsCommand):
    """A command whose help lists its options under the headings that they name."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in Section}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            # Arguments are in the line of usage.
            if record is not None and isinstance(parameter, click.Option):
                sections[getattr(parameter, "section", Section.OTHER)].append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def _as_click_reads(
    args: Sequence[str], options: Mapping[str, SettingOption], letters: str, said: dict[str, Texts]
) -> Iterator[str]:
    """The arguments with two hyphens before long options; ``said`` gets what click has no form for.

    ``letters`` are those of short options that take a value: with any other, one hyphen begins the name of a long one,
    which isn't known.
    That is a switch with a value, and an option without the value that it may do without.
    """
    rest = deque(args)
    while rest and rest[0] != "--":
        argument = rest.popleft()
        name, equals, value = argument.partition("=")
        if not name.startswith("--") and f"-{name}" in options:
            name = f"-{name}"
        option = options.get(name)
        if option is None:
            is_long = len(argument) > 2 and argument[0] == "-" and argument[1] not in f"-{letters}"
            yield f"-{argument}" if is_long else argument
        elif option.is_switch and equals:
            said[option.flag.parameter] = value
        elif option.flag.optional and not equals and (not rest or rest[0].startswith("-")):
            said[option.flag.parameter] = option.flag.optional
        else:
            yield f"{name}{equals}{value}"
            # A value may look like an option.
            yield from (rest.popleft() for _ in range(0 if equals or option.is_switch else option.nargs) if rest)
    yield from rest
