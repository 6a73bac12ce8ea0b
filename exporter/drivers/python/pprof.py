"""Profiles in pprof's format: the message Profile of pprof's profile.proto, gzipped.

A writer of its own, as loading a protobuf runtime into the process that is measured would cost it megabytes.
"""

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Numbers of the fields, and the wire types, of profile.proto.
_SAMPLE_TYPE, _SAMPLE, _MAPPING, _LOCATION, _FUNCTION, _STRING = 1, 2, 3, 4, 5, 6
_TIME_NANOS, _DURATION_NANOS, _PERIOD_TYPE, _PERIOD, _DEFAULT_SAMPLE_TYPE = 9, 10, 11, 12, 14
_VARINT, _LENGTH_DELIMITED = 0, 2


@dataclass(frozen=True, slots=True)
class Frame:
    """A line of a function; ``line`` is 0 where it isn't known."""

    function: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A part of a file that is mapped, executable, from ``start`` up to ``limit``."""

    start: int
    limit: int
    offset: int
    file: str


@dataclass(frozen=True, slots=True)
class Address:
    """Code in a mapped file, to be named by whoever reads the profile: that would cost this process its memory."""

    address: int
    mapping: Mapping


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a number of each sample means: ``inuse_space`` in ``bytes``."""

    type: str
    unit: str


class Profile:
    """A profile to be filled: stacks, each with one value for each of ``value_types``; the last is what is shown."""

    def __init__(self, value_types: Sequence[ValueType], period_type: ValueType, period: int, time_nanos: int) -> None:
        self._strings: dict[str, int] = {"": 0}
        self._functions: dict[tuple[str, str], int] = {}
        self._mappings: dict[Mapping, int] = {}
        self._locations: dict[Frame | Address, int] = {}
        self._samples: dict[tuple[int, ...], list[int]] = {}
        self._head = [
            *(_message(_SAMPLE_TYPE, self._value_type(value_type)) for value_type in value_types),
            _message(_PERIOD_TYPE, self._value_type(period_type)),
            _number(_PERIOD, period),
            _number(_TIME_NANOS, time_nanos),
            _number(_DEFAULT_SAMPLE_TYPE, self._string(value_types[-1].type)),
        ]

    def add(self, stack: Iterable[Frame | Address], values: Sequence[int]) -> None:
        """Add to the values of a stack, whose innermost frame comes first."""
        key = tuple(self._location(frame) for frame in stack)
        sums = self._samples.setdefault(key, [0] * len(values))
        for index, value in enumerate(values):
            sums[index] += value

    def encode(self, duration_nanos: int = 0) -> bytes:
        """The gzipped message."""
        parts = [*self._head, _number(_DURATION_NANOS, duration_nanos)]
        parts += [_message(_SAMPLE, _packed(1, stack) + _packed(2, values)) for stack, values in self._samples.items()]
        for mapping, number in self._mappings.items():
            place = _number(2, mapping.start) + _number(3, mapping.limit) + _number(4, mapping.offset)
            parts.append(_message(_MAPPING, _number(1, number) + place + _number(5, self._string(mapping.file))))
        for frame, number in self._locations.items():
            parts.append(_message(_LOCATION, _number(1, number) + self._place(frame)))
        for (name, file), number in self._functions.items():
            texts = _number(2, self._string(name)) + _number(3, self._string(name)) + _number(4, self._string(file))
            parts.append(_message(_FUNCTION, _number(1, number) + texts))
        parts += [_message(_STRING, text.encode()) for text in self._strings]
        return gzip.compress(b"".join(parts))

    def _place(self, frame: Frame | Address) -> bytearray:
        if isinstance(frame, Address):
            return _number(2, self._mappings[frame.mapping]) + _number(3, frame.address)
        function = self._functions[frame.function, frame.file]
        return _message(4, _number(1, function) + _number(2, frame.line))

    def _location(self, frame: Frame | Address) -> int:
        if frame not in self._locations:
            if isinstance(frame, Address):
                self._mappings.setdefault(frame.mapping, len(self._mappings) + 1)
            else:
                self._functions.setdefault((frame.function, frame.file), len(self._functions) + 1)
            self._locations[frame] = len(self._locations) + 1
        return self._locations[frame]

    def _string(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def _value_type(self, value_type: ValueType) -> bytearray:
        return _number(1, self._string(value_type.type)) + _number(2, self._string(value_type.unit))


def _append(out: bytearray, value: int) -> None:
    """Add a whole number of 64 bits in base 128, the low digits first; negative ones in two's complement."""
    value &= (1 << 64) - 1
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _number(field: int, value: int) -> bytearray:
    out = bytearray()
    _append(out, field << 3 | _VARINT)
    _append(out, value)
    return out


def _message(field: int, body: bytes | bytearray) -> bytearray:
    out = bytearray()
    _append(out, field << 3 | _LENGTH_DELIMITED)
    _append(out, len(body))
    out += body
    return out


def _packed(field: int, values: Iterable[int]) -> bytearray:
    body = bytearray()
    for value in values:
        _append(body, value)
    return _message(field, body)
