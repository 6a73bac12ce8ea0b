"""Groups of settings: all that is wrong in one is said together, and it is made from what a user typed."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import combinations
from pathlib import Path
from typing import Any, Self, TypeVar

from exporter import extras
from exporter.errors import Complaint, ConfigError
from exporter.settings.declared import Flag, Setting, groups_in, settings_of
from exporter.settings.files import file_complaint
from exporter.settings.kinds import TEXT, read_switch

_LONGEST_LABEL = 1000  # a path may be one

Texts = str | tuple[str, ...] | None
Group = TypeVar("Group", bound="SettingsGroup")


@dataclass(frozen=True)
class SettingsGroup:
    """Settings that are checked on construction: each by what it declares, then against each other.

    Raises ConfigError with all that is wrong, each with the setting, its value and the remedy.
    """

    def __post_init__(self) -> None:
        alone = [complaint for each in settings_of(type(self)) for complaint in _complaints(each, self)]
        wrong = frozenset().union(*(complaint.about for complaint in alone))
        together = [complaint for complaint in self.contradictions() if not complaint.about & wrong]
        if alone or together:
            raise ConfigError(*alone, *together)

    def contradictions(self) -> Iterator[Complaint]:
        """What is wrong with settings that are right one by one; those that aren't have to be borne."""
        return iter(())

    def needs(self) -> Mapping[str, str]:
        """The extras of this package that these settings take to be carried out, each with what takes it."""
        return {}

    def as_text(self) -> dict[str, str]:
        """The settings that the measurement depends on, by their names, for its heading."""
        own = {each.field: each for each in settings_of(type(self))}
        shown: dict[str, str] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, SettingsGroup):
                shown |= value.as_text()
            elif each.name in own and own[each.name].heading:
                shown[own[each.name].name] = own[each.name].text(value)
        return shown

    @classmethod
    def from_texts(cls, given: Mapping[str, Texts], called: Mapping[str, str] | None = None) -> Self:
        """Make the group, and the groups in it, from what was typed.

        ``given`` holds by a flag's `parameter` its text, or several; None and no texts mean the default. ``called``
        is what to call a flag in a refusal, where it isn't its name. Raises ConfigError with all that is wrong.
        """
        complaints: list[Complaint] = []
        found = _make(cls, given, called or {}, complaints)
        if complaints or found is None:
            raise ConfigError(*complaints)
        return found


def check_installed(asked: Iterable[SettingsGroup]) -> None:
    """Raise ConfigError if this installation lacks what settings take: that is for who carries them out to ask."""
    needs: dict[str, str] = {}
    for group in asked:
        needs |= _all_needs(group)
    if lacking := extras.complaint(needs):
        raise ConfigError(lacking)


def _all_needs(group: SettingsGroup) -> Mapping[str, str]:
    found = dict(group.needs())
    for each in fields(group):
        value = getattr(group, each.name)
        if isinstance(value, SettingsGroup):
            found |= _all_needs(value)
    return found


def contradiction(text: str, *about: str) -> Complaint:
    """A complaint about several fields, which is left out where one of them is wrong by itself."""
    return Complaint(text, frozenset(about))


def same_files(files: Mapping[str, Path | None]) -> Iterator[Complaint]:
    """Files by setting of which one would replace another."""
    named = {name: path for name, path in files.items() if path is not None}
    for (name, path), (other, second) in combinations(named.items(), 2):
        if path.absolute() == second.absolute():
            yield contradiction(f"{name} and {other} are both {TEXT.shown(path)}: name a file for each", name, other)


def _make(
    group: type[Group], given: Mapping[str, Texts], called: Mapping[str, str], complaints: list[Complaint]
) -> Group | None:
    values: dict[str, Any] = {}
    unread: set[str] = set()
    for name, inner in groups_in(group).items():
        if (made := _make(inner, given, called, complaints)) is not None:
            values[name] = made
    for each in settings_of(group):
        try:
            values |= _said(each, given, called)
        except ConfigError as error:
            complaints += error.complaints
            unread.add(each.field)
    try:
        return group(**values)
    except ConfigError as error:
        complaints += [each for each in error.complaints if not each.about & unread]
    return None


def _said(of: Setting, given: Mapping[str, Texts], called: Mapping[str, str]) -> dict[str, Any]:
    """The value that was said, by the setting's field; nothing if none was. Raises ConfigError."""
    read: list[tuple[str, Any]] = []  # with the flag that said it
    complaints: list[str | Complaint] = []
    for flag in of.flags:
        raw = given.get(flag.parameter)
        for text in raw if isinstance(raw, tuple) else () if raw is None else (raw,):
            try:
                read += _read(flag, text)
            except ConfigError as error:
                complaints += error.complaints
            except ValueError as error:
                complaints.append(f"{called.get(flag.parameter, flag.name)} is {TEXT.shown(text)}: {error}")
    if of.gather is None and len(by := {name: None for name, _ in read}) > 1:
        complaints.append(f"{' and '.join(by)} contradict each other: choose one")
    if complaints:
        raise ConfigError(*complaints)
    values = [value for _, value in read]
    return {of.field: of.gather(values) if of.gather else values[-1]} if values else {}


def _read(flag: Flag, text: str) -> list[tuple[str, Any]]:
    if flag.kind is not None:
        return [(flag.name, flag.kind.read(text))]
    return [(flag.name, flag.value)] if read_switch(text) else []


def _complaints(of: Setting, group: SettingsGroup) -> Iterator[Complaint]:
    """What is wrong with one value, whatever the others are."""
    value, about = getattr(group, of.field), frozenset([of.field])
    if of.required and not value:
        yield Complaint(f"{of.name} is missing: {of.remedy}", about)
        return
    said = [
        f"{of.name} is {of.kind.shown(each)}{complaint}"
        for each in (value if isinstance(value, tuple) else (value,))
        if each is not None and (complaint := _complaint(of, each))
    ]
    if not said and (of.heading or isinstance(value, str)):
        shown = of.text(value)
        said = [f"{of.name} is {TEXT.shown(shown)}{complaint}"] if (complaint := label_complaint(shown)) else []
    for text in said:
        yield Complaint(text, about)


def _complaint(of: Setting, value: Any) -> str | None:
    if of.kind.choices and value not in of.kind.choices:
        return f": choose {of.kind.one_of}"
    if isinstance(value, int | float) and not of.allows(value):
        return f": {of.remedy or f'give {of.limits}'}"
    if isinstance(value, int | float) and value > of.kind.most:
        return f": give {of.kind.write(of.kind.most)} at most"
    if isinstance(value, Path) and of.file is not None and (said := file_complaint(value, of.file)):
        return f", {said}"
    if isinstance(value, str) and value:
        try:
            of.kind.read(value)
        except ValueError as error:
            return f": {error}"
    return None


def label_complaint(text: str) -> str | None:
    """What is wrong with a text that is shown and labels metrics; or None."""
    if text.encode(errors="replace").decode() != text:
        return ", which is not UTF-8: give another name"
    if len(text) > _LONGEST_LABEL:
        return f", which is longer than {_LONGEST_LABEL} characters: give another name"
    if any(unicodedata.category(character) == "Cc" for character in text):
        return ", which has control characters: give another name"
    return None
