"""What comes from outside, as checked values: the one place where raw text and numbers become such that can be kept.

Drivers, programs that are watched and files are written by others. Text from them may hold anything, numbers any
number of digits, names may be made up by the thousand. What has passed here can be published, logged and written.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

Json = Any  # what json.loads gives: the fields of a command and of its result belong to that command

MAX_COUNT = 2**63 - 1
MAX_SECONDS = 1e9
NAME_LENGTH = 80
TEXT_LENGTH = 2000
TOKEN_LENGTH = 16_384
OTHER = "other"

# Control characters, half characters, and what breaks lines or turns the direction of writing.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class UnreadableError(ValueError):
    """What was read is not what it should be: says what is wrong with it."""


def printable(text: str, longest: int = TEXT_LENGTH) -> str:
    """Return text that can be shown and encoded anywhere: unprintable characters escaped, the end cut off if long."""
    # Escapes are longer than what they stand for, and what has been cut must not be cut again.
    safe = _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text[: longest + 1])
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


def shown(value: object) -> str:
    """Return a value as an error quotes it."""
    return printable(repr(value), NAME_LENGTH)


def json_object(raw: bytes) -> dict[str, Json]:
    """Return the JSON object, in UTF-8, that ``raw`` is; raises UnreadableError."""
    try:
        fields = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not JSON ({printable(str(error), NAME_LENGTH)}): {shown(raw)}") from None
    if not isinstance(fields, dict):
        raise UnreadableError(f"not a JSON object: {shown(raw)}")
    return fields


def text(fields: Mapping[str, Json], name: str, default: str | None = None, longest: int = TEXT_LENGTH) -> str:
    """Return a field that is text to be shown, printable and cut off where it is long; raises UnreadableError."""
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise UnreadableError(f"{name} is {shown(value)}, not a text")
    return printable(value, longest)


def token(fields: Mapping[str, Json], name: str) -> str:
    """Return a field that is text to be handed on as it is, such as an address; raises UnreadableError."""
    value = fields.get(name)
    if not isinstance(value, str) or not value or printable(value, TOKEN_LENGTH) != value:
        raise UnreadableError(f"{name} is {shown(value)}, not a printable text of at most {TOKEN_LENGTH} characters")
    return value


def is_count(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number from 0 on that 63 bits hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


def count(fields: Mapping[str, Json], name: str) -> int:
    """Return a field that is a whole number from 0 to 2^63 - 1; raises UnreadableError."""
    value = fields.get(name)
    if not is_count(value):
        raise UnreadableError(f"{name} is {shown(value)}, not a whole number from 0 to 2^63 - 1")
    return value


def optional_count(fields: Mapping[str, Json], name: str) -> int | None:
    """Return the same, or None where there is no such field."""
    return None if fields.get(name) is None else count(fields, name)


def seconds(fields: Mapping[str, Json], name: str, default: float) -> float:
    """Return a field that is a number of seconds, from 0 to 10^9; raises UnreadableError."""
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SECONDS:
        raise UnreadableError(f"{name} is {shown(value)}, not a number of seconds from 0 to {MAX_SECONDS:g}")
    return float(value)


def names(value: Json, what: str) -> tuple[str, ...]:
    """Return a list of names, printable; raises UnreadableError."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise UnreadableError(f"{what} is {shown(value)}, not a list of names")
    return tuple(printable(name, NAME_LENGTH) for name in value)


class Names:
    """The values that a label may have: the first ``most`` that come up, and ``other`` for all that come later.

    Whoever makes up names, in one message or in one after the other, must not make up series.
    """

    def __init__(self, most: int, known: Iterable[str] = ()) -> None:
        self._most = most
        self._known = {*known}

    def admit(self, name: str) -> str:
        """Return the name to use."""
        name = printable(name, NAME_LENGTH)
        if name and len(self._known) < self._most:
            self._known.add(name)
        return name if name in self._known else OTHER

    def sums(self, values: Mapping[str, int]) -> dict[str, int]:
        """Return the values by the names to use, those of the same one added up."""
        found: dict[str, int] = {}
        for raw, value in values.items():
            name = self.admit(raw)
            found[name] = found.get(name, 0) + value
        return found
