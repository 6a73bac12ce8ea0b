"""Reads pprof profiles, as far as the tests need it."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exporter.drivers.python.pprof import Frame


@dataclass(frozen=True)
class ReadProfile:
    """Values by stack, innermost frame first; the types of the values and their units."""

    value_types: list[tuple[str, str]]
    samples: dict[tuple[Frame, ...], list[int]]


def read_profile(data: bytes) -> ReadProfile:
    fields = list(_fields(gzip.decompress(data)))
    strings = [value.decode() for number, value in fields if number == 6]
    functions = {body[1]: body for body in _messages(fields, 5)}
    frames = {}
    for body in _messages(fields, 4):
        line = dict(_fields(body[4]))
        function = functions[line[1]]
        frames[body[1]] = Frame(strings[function[2]], strings[function[4]], line[2])
    samples = {
        tuple(frames[number] for number in _varints(body[1])): [_signed(value) for value in _varints(body[2])]
        for body in _messages(fields, 2)
    }
    return ReadProfile([(strings[body[1]], strings[body[2]]) for body in _messages(fields, 1)], samples)


def _messages(fields: list[tuple[int, Any]], wanted: int) -> Iterator[dict[int, Any]]:
    return (dict(_fields(value)) for number, value in fields if number == wanted)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message: their numbers, and whole numbers or bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        value, position = _varint(data, position)
        if key & 7 == 2:
            yield key >> 3, data[position : position + value]
            position += value
        else:
            yield key >> 3, value


def _varints(data: bytes) -> Iterator[int]:
    position = 0
    while position < len(data):
        value, position = _varint(data, position)
        yield value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
