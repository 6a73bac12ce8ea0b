"""The driver protocol, version 1: JSON lines between the observer and a subject.

The observer writes a configuration object and then commands to the driver's standard input; the driver writes
messages to its standard output. Nothing here reads or writes: bytes in, checked values out, and back.
docs/driver-protocol.md describes it for authors of drivers in other languages.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from exporter.checked import (
    NAME_LENGTH,
    Json,
    UnreadableError,
    count,
    is_count,
    json_object,
    names,
    optional_count,
    printable,
    seconds,
    shown,
    text,
    token,
)

PROTOCOL = 1
# The error kind of an answer that isn't what its command's answers are.
BAD_ANSWER = "bad_answer"
# That of an answer to a command that the driver does not have.
UNKNOWN_COMMAND = "unknown_command"


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
    garbage collector knows, and how often it has run; how many handles its event loop waits for, and how many
    goroutines there are. ``unreadable`` names the heaps whose size can't be had.
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


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no message, or was too long to be read; never sent on purpose."""

    why: str


Message = Hello | Done | SdkEvent | Heap | Log | Bye
Received = Message | BadLine


@dataclass(frozen=True, slots=True)
class Command:
    """An order to the driver, to be answered by a Done with the same id."""

    id: int
    do: str
    args: Mapping[str, Json] = field(default_factory=dict)


def parse_message(line: bytes) -> Message | None:
    """Read one line of a driver; None for a type that this version doesn't know.

    Raises UnreadableError for a line that is no message. An answer to a known command with a wrong field is a failed
    one, of the kind `BAD_ANSWER`.
    """
    fields = json_object(line)
    kind = fields.pop("type", None)
    match kind:
        case "hello":
            return _hello(fields)
        case "done":
            return _done(fields)
        case "event":
            return SdkEvent(text(fields, "event", longest=NAME_LENGTH), text(fields, "wallet", "", NAME_LENGTH))
        case "heap":
            return parse_heap(fields)
        case "log":
            return Log(text(fields, "level", "info", NAME_LENGTH), text(fields, "message"))
        case "bye":
            return Bye(text(fields, "reason", longest=NAME_LENGTH), text(fields, "message", ""))
        case str():
            return None
    raise UnreadableError(f"type is {shown(kind)}, not a text")


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
    """Read the fields of a heap message; a heap whose size is no number of bytes is unreadable.

    Raises UnreadableError.
    """
    sizes, unreadable = _sizes(fields, "heap_bytes")
    return Heap(
        sizes,
        _sizes(fields, "allocator_bytes")[0],
        optional_count(fields, "objects"),
        optional_count(fields, "collections"),
        optional_count(fields, "event_loop_handles"),
        optional_count(fields, "goroutines"),
        (*names(fields.get("unreadable_heaps", []), "unreadable_heaps"), *unreadable),
    )


def _paid(fields: Mapping[str, Json]) -> dict[str, Json]:
    paid: dict[str, Json] = {}
    if fields.get("fees_sats") is not None:
        paid["fees_sats"] = count(fields, "fees_sats")
    if fields.get("request"):
        paid["request"] = token(fields, "request")
    return paid


# What the results of commands must hold, by command; those of others are not looked at.
_RESULTS: Mapping[str, Callable[[Mapping[str, Json]], dict[str, Json]]] = {
    "balance": lambda fields: {"balance_sats": count(fields, "balance_sats")},
    "spark_address": lambda fields: {"address": token(fields, "address")},
    "deposit_address": lambda fields: {"address": token(fields, "address")},
    "invoice": lambda fields: {"invoice": token(fields, "invoice")},
    "pay": _paid,
    "measure": lambda fields: heap_fields(parse_heap(fields)),
}


def parse_result(do: str, fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return what the result of a command holds, checked; raises UnreadableError.

    A measurement without a single heap is one of a driver that has none, and says so by an empty ``heap_bytes``.
    """
    if do == "measure" and "heap_bytes" not in fields:
        raise UnreadableError("there is no heap_bytes")
    return _RESULTS.get(do, dict)(fields)


def parse_command(line: bytes) -> Command:
    """Read one command, on the driver's side; raises UnreadableError."""
    fields = json_object(line)
    number, do = count(fields, "id"), text(fields, "do", longest=NAME_LENGTH)
    return Command(number, do, {key: value for key, value in fields.items() if key not in ("id", "do")})


def emit_command(command: Command) -> bytes:
    """Write one command, the newline included."""
    return _line({**command.args, "id": command.id, "do": command.do})


def emit_config(config: Mapping[str, Json]) -> bytes:
    """Write the first line that a driver gets: the configuration, with the protocol's version."""
    return _line({**config, "protocol": PROTOCOL})


def parse_config(line: bytes) -> dict[str, Json]:
    """Read the configuration, on the driver's side.

    Raises UnreadableError, also for a protocol of another version.
    """
    try:
        fields = json_object(line)
    except UnreadableError:
        # The line holds the wallets' seeds: none of it goes into an error.
        raise UnreadableError("the configuration is not a JSON object") from None
    if fields.get("protocol") != PROTOCOL:
        raise UnreadableError(f"protocol is {shown(fields.get('protocol'))}, this driver speaks {PROTOCOL}")
    return fields


def _hello(fields: Mapping[str, Json]) -> Hello:
    return Hello(
        driver=text(fields, "driver", longest=NAME_LENGTH),
        sdk=text(fields, "sdk", "", NAME_LENGTH),
        sdk_version=text(fields, "sdk_version", "", NAME_LENGTH),
        language=text(fields, "language", "", NAME_LENGTH),
        pid=optional_count(fields, "pid"),
        protocol=count(fields, "protocol"),
    )


def _done(fields: Mapping[str, Json]) -> Done:
    number = count(fields, "id")
    try:
        return _answer(number, fields)
    except UnreadableError as error:
        return Done(number, ok=False, error=str(error), kind=BAD_ANSWER)


def _answer(number: int, fields: Mapping[str, Json]) -> Done:
    ok = fields.get("ok")
    if not isinstance(ok, bool):
        raise UnreadableError(f"ok is {shown(ok)}, neither true nor false")
    known = ("id", "ok", "seconds") if ok else ("id", "ok", "seconds", "error", "kind")
    return Done(
        number,
        ok,
        seconds(fields, "seconds", 0.0),
        error="" if ok else text(fields, "error", ""),
        kind="" if ok else text(fields, "kind", "", NAME_LENGTH),
        result={key: value for key, value in fields.items() if key not in known},
    )


def _sizes(fields: Mapping[str, Json], name: str) -> tuple[dict[str, int], list[str]]:
    """The byte counts of a field, and the names of those that are none."""
    value = fields.get(name, {})
    if not isinstance(value, dict):
        raise UnreadableError(f"{name} is {shown(value)}, not an object of byte counts")
    sizes = {printable(each, NAME_LENGTH): size for each, size in value.items() if is_count(size)}
    return sizes, [printable(each, NAME_LENGTH) for each, size in value.items() if not is_count(size)]


def _line(fields: Mapping[str, Json]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), allow_nan=False).encode() + b"\n"
