"""A setting, said once: its flags, variables, default, limits, remedy and help, in the field that holds its value."""

import math
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, Literal, TypeVar, cast

from exporter.settings.kinds import TEXT, Kind, kind_of

T = TypeVar("T")

# The default of a setting that has to be said.
REQUIRED: Any = None

VARIABLE_PREFIX = "MEMTEST_"
# Units are spoken in the help, and not in the flag.
_UNITS = ("_seconds", "_sats", "_kib_per_min", "_percent")

# A file that is followed may come later; one that is written replaces what was there, but no record of samples, which
# only a record may go on with or replace; a new one replaces none.
FileUse = Literal["read", "followed", "written", "record", "new"]


class Section(StrEnum):
    """The headings of the help, in their order."""

    PROGRAM = "Program"
    TOLD = "What it reports"
    NETWORK = "Network"
    MEASUREMENT = "Measurement"
    FAULTS = "Faults of the local network"
    LOAD = "Load"
    SCENARIOS = "Scenarios"
    OUTPUT = "Output"
    PROFILES = "Heaps and profiles"
    END = "Verdict and end"
    OTHER = "Other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One way to say a setting.

    ``value`` is what a switch of a setting with several flags stands for. ``harness_variable`` is the one of the Rust
    memory test, whose text ``from_harness`` puts into ours.
    """

    name: str  # without hyphens in front
    help: str
    kind: Kind | None = None  # None: by the type of the field; none for a ``value``
    value: object = None
    metavar: str | None = None
    short: str = ""
    aliases: tuple[str, ...] = ()
    negative: str = ""  # the flag that says no
    many: bool = False
    values: int = 1  # texts after the flag
    separator: str | None = None  # of several texts in a variable; None: blanks
    harness_variable: str = ""
    from_harness: Callable[[str], str] = str
    optional: str = ""  # what the flag without a value stands for

    @property
    def parameter(self) -> str:
        """Its name among the parsed options."""
        return self.name.replace("-", "_").lower()

    @property
    def variable(self) -> str:
        return VARIABLE_PREFIX + self.parameter.upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known of one field of a group of settings."""

    flags: tuple[Flag, ...]
    section: Section
    at_least: float = -math.inf
    above: float = -math.inf
    at_most: float = math.inf
    below: float = math.inf
    remedy: str = ""
    heading: bool = False  # part of what is told of a measurement
    absent: str = ""  # what the heading says where there is no value
    file: FileUse | None = None
    gather: Callable[[list[Any]], Any] | None = None  # one value of all that was said
    write: Callable[[Any], str] | None = None  # for the heading, where the kind doesn't say it
    positional: bool = False
    required: bool = False
    field: str = ""
    default: Any = None

    @property
    def name(self) -> str:
        """What users call it."""
        return self.flags[0].name

    @property
    def kind(self) -> Kind:
        return self.flags[0].kind or TEXT

    def text(self, value: object) -> str:
        """The value as the heading shows it."""
        if value is None:
            return self.absent
        return (self.write or self.kind.write)(value)

    def allows(self, value: float) -> bool:
        """Whether a number is within the limits, which no NaN is."""
        return self.at_least <= value and self.above < value and value <= self.at_most and value < self.below

    @property
    def limits(self) -> str:
        """The limits in words, empty without any: ``1 or more``, ``more than 0s``, ``0 to below 1``."""
        write = self.kind.write
        low = write(self.at_least) if math.isfinite(self.at_least) else ""
        low = f"more than {write(self.above)}" if math.isfinite(self.above) else low
        high = write(self.at_most) if math.isfinite(self.at_most) else ""
        high = f"below {write(self.below)}" if math.isfinite(self.below) else high
        if low and high:
            return f"{low} to {high}"
        return (low if math.isfinite(self.above) else low and f"{low} or more") or (high and f"{high} at most")


def setting(default: T, help: str, *, section: Section = Section.OTHER, flag: str = "", **more: Any) -> T:  # noqa: A002
    """Declare a field of a group of settings, and the flag that sets it.

    The flag is named as the field is, without its unit, if not by ``flag``, and reads values of the field's type.
    ``more`` is what `Flag` and `Setting` have besides.
    """
    of_flag = {each.name: more.pop(each.name) for each in fields(Flag) if each.name in more}
    return by_flags(default, Flag(name=flag, help=help, **of_flag), section=section, **more)


def by_flags(default: T, *flags: Flag, section: Section = Section.OTHER, **more: Any) -> T:
    """Declare a field of a group of settings that several flags set."""
    declared = Setting(flags=flags, section=section, **more)
    # As `dataclasses.field` does, this says that it returns what the field will hold.
    if isinstance(default, dict):
        return cast(T, field(default_factory=default.copy, metadata={Setting: declared}))
    return field(default=default, metadata={Setting: declared})


_declared: dict[type, tuple[Setting, ...]] = {}  # by group, as it never changes


def settings_of(group: type) -> tuple[Setting, ...]:
    """The settings that a group declares itself, in their order; those of the groups in it are `groups_in`'s."""
    if group not in _declared:
        found = (_named(each.metadata[Setting], each) for each in fields(group) if Setting in each.metadata)
        _declared[group] = tuple(found)
    return _declared[group]


def groups_in(group: type) -> dict[str, type]:
    """The groups that are fields of a group, by the field's name."""
    return {each.name: each.type for each in fields(group) if isinstance(each.type, type) and is_dataclass(each.type)}


def all_settings(group: type) -> Iterator[Setting]:
    """The settings of a group and of the groups in it, in the order of their fields."""
    own, inner = {each.field: each for each in settings_of(group)}, groups_in(group)
    for each in fields(group):
        if each.name in own:
            yield own[each.name]
        elif each.name in inner:
            yield from all_settings(inner[each.name])


def _named(declared: Setting, of: Field[Any]) -> Setting:
    """The setting with what its field says of it."""
    name = of.name
    for unit in _UNITS:
        name = name.removesuffix(unit)
    flags = tuple(
        flag
        if flag.value is not None
        else replace(flag, name=flag.name or name.replace("_", "-"), kind=flag.kind or kind_of(of.type, of.name))
        for flag in declared.flags
    )
    return replace(declared, flags=flags, field=of.name, default=None if of.default is MISSING else of.default)
