"""How the values of settings are written: text to value, and value to text."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

from exporter.durations import format_duration, parse_duration

_LONGEST_SECONDS = 100_000 * 3600.0
_SHOWN_CHARACTERS = 100
_USERINFO = re.compile(r"//[^/@]*@")  # of a URL: it may hold a password


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value.

    ``read`` raises ValueError whose text is the remedy. ``most`` is where every value of the kind ends, whatever its
    setting allows: beyond it arithmetic and timers break.
    """

    name: str  # in the help
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    most: float = math.inf
    choices: tuple[str, ...] = ()
    is_switch: bool = False

    @property
    def one_of(self) -> str:
        """The choices as a remedy names them."""
        return f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"

    def shown(self, value: object) -> str:
        """The value as a refusal shows it, readable whatever it holds and however long it is."""
        try:
            text = repr(without_login(str(value))) if isinstance(value, str | Path) else self.write(value)
        except (TypeError, ValueError, OverflowError):  # no number, or one of more digits than Python writes
            text = f"{value:g}s" if self is DURATION and isinstance(value, float) else "too long to be shown"
        return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _read_duration(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError:
        raise ValueError("write it like 90s, 30m, 1h30m or 500ms") from None


def _read_integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("give a whole number") from None


def _read_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("give a number")
    return number


def read_switch(text: str) -> bool:
    """Read the words for on and off; raises ValueError for others."""
    word = text.strip().lower()
    if word in ("1", "t", "true", "y", "yes", "on"):
        return True
    if word in ("0", "f", "false", "n", "no", "off"):
        return False
    raise ValueError("say true or false")


def _read_path(text: str) -> Path:
    if not text:
        raise ValueError("name a file")
    return Path(text)


def without_login(text: str) -> str:
    """The text, with what stands before an ``@`` in a URL left out."""
    return _USERINFO.sub("//...@", text)


def read_url(text: str) -> str:
    """Check that a URL names a server; raises ValueError."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("give a URL such as http://localhost:6060")
    return text


def read_plain_url(text: str) -> str:
    """Check that a URL names a server and holds no login; raises ValueError."""
    if _USERINFO.search(read_url(text)):
        raise ValueError(
            "leave the login out, as every user of this machine sees a command line: it belongs into FAUCET_USERNAME"
            " and FAUCET_PASSWORD, or into files that FAUCET_USERNAME_FILE and FAUCET_PASSWORD_FILE name"
        )
    return text


DURATION = Kind("duration", _read_duration, format_duration, _LONGEST_SECONDS)
INTEGER = Kind("integer", _read_integer, most=2**31 - 1)
NUMBER = Kind("float", _read_number, lambda number: f"{number:g}", most=1e9)
TEXT = Kind("text", str)
PATH = Kind("path", _read_path)
URL = Kind("text", read_url)
SWITCH = Kind("boolean", read_switch, lambda on: "true" if on else "false", is_switch=True)


def choice(*choices: str, aliases: Mapping[str, str] | None = None) -> Kind:
    """One of some words, in any case; ``aliases`` are further words for them."""

    def read(text: str) -> str:
        word = text.strip().lower()
        word = (aliases or {}).get(word, word)
        if word not in choices:
            raise ValueError(f"choose {kind.one_of}")
        return word

    kind = Kind("choice", read, choices=choices)
    return kind


def kind_of(annotation: object, name: str) -> Kind:
    """The kind of a field's values, by its type and the unit in its name; raises TypeError where that tells none."""
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (each for each in get_args(annotation) if each is not type(None))
    if get_origin(annotation) is Literal:
        return choice(*get_args(annotation))
    if annotation is float and name.endswith("_seconds"):
        return DURATION
    by_type: dict[object, Kind] = {bool: SWITCH, int: INTEGER, float: NUMBER, str: TEXT, Path: PATH}
    if annotation not in by_type:
        raise TypeError(f"{name}: a setting of type {annotation} has to name its kind")
    return by_type[annotation]
