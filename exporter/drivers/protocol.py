"""The driver protocol, version 1: JSON lines between the observer and a subject.

The observer writes a configuration object and then commands to the driver's standard input; the driver writes
messages to its standard output. Nothing here reads or writes: bytes in, values out, and back.
docs/driver-protocol.md describes it for authors of drivers in other languages.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PROTOCOL = 1
MAX_LINE_BYTES = 1_048_576

Json = Any  # what json.loads gives: the fields of a command and of its result belong to that command


class MalformedLineError(ValueError):
    """A line is no message: not JSON, not an object, or a known field has the wrong kind of value."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The driver's first message: what it is."""

    driver: str
    sdk: str = ""
    sdk_version: str = ""
    language: str = ""
    pid: int | None = None
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to the command with this id; ``result`` holds the command's own fields."""

    id: int
    ok: bool
    seconds: float = 0.0
    error: str = ""
    kind: str = ""
    result: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SdkEvent:
    """The SDK told a listener of this instance something."""

    event: str
    wallet: str = ""


@dataclass(frozen=True, slots=True)
class Heap:
    """The subject's own heaps: bytes in use by heap, and what its allocator holds, by kind; how many objects its
    garbage collector knows, and how often it has run; how many handles its event loop waits for; how many goroutines
    it has. ``unreadable`` names the heaps whose size can't be had.
    """

    heap_bytes: Mapping[str, int] = field(default_factory=dict)
    allocator_bytes: Mapping[str, int] = field(default_factory=dict)
    objects: int | None = None
    collections: int | None = None
    event_loop_handles: int | None = None
    goroutines: int | None = None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class Bye:
    """The driver's last message."""

    reason: str
    message: str = ""


Message = Hello | Done | SdkEvent | Heap | Log | Bye


@dataclass(frozen=True, slots=True)
class Command:
    """An order to the driver, to be answered by a Done with the same id."""

    id: int
    do: str
    args: Mapping[str, Json] = field(default_factory=dict)


def parse_message(line: bytes) -> Message | None:
    """Read one line of a driver; None for a type that this version doesn't know.

    Raises MalformedLineError.
    """
    fields = _object(line)
    kind = fields.pop("type", None)
    match kind:
        case "hello":
            return _hello(fields)
        case "done":
            return _done(fields)
        case "event":
            return SdkEvent(_text(fields, "event"), _text(fields, "wallet", ""))
        case "heap":
            return parse_heap(fields)
        case "log":
            return Log(_text(fields, "level", "info"), _text(fields, "message"))
        case "bye":
            return Bye(_text(fields, "reason"), _text(fields, "message", ""))
        case str():
            return None
    raise MalformedLineError(f"type is {_shown(kind)}, not a text")


def emit_message(message: Message) -> bytes:
    """Write one line of a driver, the newline included."""
    match message:
        case Hello():
            fields = {
                "type": "hello",
                "protocol": message.protocol,
                "driver": message.driver,
                "sdk": message.sdk,
                "sdk_version": message.sdk_version,
                "language": message.language,
                "pid": message.pid,
            }
        case Done():
            fields = {"type": "done", "id": message.id, "ok": message.ok, "seconds": message.seconds}
            if not message.ok:
                fields |= {"error": message.error, "kind": message.kind}
            fields = {**message.result, **fields}
        case SdkEvent():
            fields = {"type": "event", "event": message.event, "wallet": message.wallet}
        case Heap():
            fields = {"type": "heap", **heap_fields(message)}
        case Log():
            fields = {"type": "log", "level": message.level, "message": message.message}
        case Bye():
            fields = {"type": "bye", "reason": message.reason, "message": message.message}
    return _line(fields)


def heap_fields(heap: Heap) -> dict[str, Json]:
    """The fields of a heap message, which are also the result of the command ``measure``."""
    fields: dict[str, Json] = {"heap_bytes": dict(heap.heap_bytes)}
    if heap.allocator_bytes:
        fields["allocator_bytes"] = dict(heap.allocator_bytes)
    if heap.objects is not None:
        fields["objects"] = heap.objects
    if heap.collections is not None:
        fields["collections"] = heap.collections
    if heap.event_loop_handles is not None:
        fields["event_loop_handles"] = heap.event_loop_handles
    if heap.goroutines is not None:
        fields["goroutines"] = heap.goroutines
    if heap.unreadable:
        fields["unreadable_heaps"] = list(heap.unreadable)
    return fields


def parse_heap(fields: Mapping[str, Json]) -> Heap:
    """Read the fields of a heap message; raises MalformedLineError."""
    unreadable = fields.get("unreadable_heaps", [])
    if not isinstance(unreadable, list) or not all(isinstance(name, str) for name in unreadable):
        raise MalformedLineError(f"unreadable_heaps is {_shown(unreadable)}, not a list of names")
    return Heap(
        _bytes_by_name(fields, "heap_bytes"),
        _bytes_by_name(fields, "allocator_bytes"),
        _optional_integer(fields, "objects"),
        _optional_integer(fields, "collections"),
        _optional_integer(fields, "event_loop_handles"),
        _optional_integer(fields, "goroutines"),
        tuple(unreadable),
    )


def parse_command(line: bytes) -> Command:
    """Read one command, on the driver's side; raises MalformedLineError."""
    fields = _object(line)
    number, do = _integer(fields, "id"), _text(fields, "do")
    return Command(number, do, {key: value for key, value in fields.items() if key not in ("id", "do")})


def emit_command(command: Command) -> bytes:
    """Write one command, the newline included."""
    return _line({**command.args, "id": command.id, "do": command.do})


def emit_config(config: Mapping[str, Json]) -> bytes:
    """Write the first line that a driver gets: the configuration, with the protocol's version."""
    return _line({**config, "protocol": PROTOCOL})


def parse_config(line: bytes) -> dict[str, Json]:
    """Read the configuration, on the driver's side.

    Raises MalformedLineError, also for a protocol of another version.
    """
    try:
        fields = _object(line)
    except MalformedLineError:
        # The line holds the wallets' seeds: none of it goes into an error.
        raise MalformedLineError("the configuration is not a JSON object") from None
    if fields.get("protocol") != PROTOCOL:
        raise MalformedLineError(f"protocol is {_shown(fields.get('protocol'))}, this driver speaks {PROTOCOL}")
    return fields


def _hello(fields: Mapping[str, Json]) -> Hello:
    pid = fields.get("pid")
    return Hello(
        driver=_text(fields, "driver"),
        sdk=_text(fields, "sdk", ""),
        sdk_version=_text(fields, "sdk_version", ""),
        language=_text(fields, "language", ""),
        pid=None if pid is None else _integer(fields, "pid"),
        protocol=_integer(fields, "protocol"),
    )


def _done(fields: Mapping[str, Json]) -> Done:
    ok, seconds = fields.get("ok"), fields.get("seconds", 0.0)
    if not isinstance(ok, bool):
        raise MalformedLineError(f"ok is {_shown(ok)}, neither true nor false")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise MalformedLineError(f"seconds is {_shown(seconds)}, not a finite number of seconds")
    known = ("id", "ok", "seconds") if ok else ("id", "ok", "seconds", "error", "kind")
    return Done(
        id=_integer(fields, "id"),
        ok=ok,
        seconds=float(seconds),
        error="" if ok else _text(fields, "error", ""),
        kind="" if ok else _text(fields, "kind", ""),
        result={key: value for key, value in fields.items() if key not in known},
    )


def _object(line: bytes) -> dict[str, Json]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MalformedLineError(f"not JSON ({error}): {_shown(line)}") from None
    if not isinstance(fields, dict):
        raise MalformedLineError(f"not a JSON object: {_shown(line)}")
    return fields


def _text(fields: Mapping[str, Json], name: str, default: str | None = None) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise MalformedLineError(f"{name} is {_shown(value)}, not a text")
    return value


def _integer(fields: Mapping[str, Json], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedLineError(f"{name} is {_shown(value)}, not a whole number")
    return value


def _optional_integer(fields: Mapping[str, Json], name: str) -> int | None:
    return None if fields.get(name) is None else _integer(fields, name)


def _bytes_by_name(fields: Mapping[str, Json], name: str) -> dict[str, int]:
    value = fields.get(name, {})
    if not isinstance(value, dict) or not all(_is_int(item) and item >= 0 for item in value.values()):
        raise MalformedLineError(f"{name} is {_shown(value)}, not an object of byte counts")
    return value


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _line(fields: Mapping[str, Json]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), allow_nan=False).encode() + b"\n"
