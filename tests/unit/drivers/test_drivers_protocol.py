"""The driver protocol: whatever is emitted is parsed back, and nothing that comes in can do worse than be refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.drivers.protocol import (
    Bye,
    Command,
    Done,
    Heap,
    Hello,
    Log,
    MalformedLineError,
    Message,
    SdkEvent,
    emit_command,
    emit_config,
    emit_message,
    heap_fields,
    parse_command,
    parse_config,
    parse_heap,
    parse_message,
)

TEXTS = st.text(max_size=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(TEXTS.map(lambda name: "x_" + name), JSON_VALUES, max_size=4)
SECONDS = st.floats(min_value=0, max_value=1e6)
BYTES_BY_NAME = st.dictionaries(TEXTS, st.integers(min_value=0, max_value=2**63), max_size=4)
COUNTS = (st.none() | st.integers(),) * 4
MESSAGES = st.one_of(
    st.builds(Hello, TEXTS, TEXTS, TEXTS, TEXTS, st.none() | st.integers(), st.integers()),
    st.builds(Done, st.integers(), st.just(True), SECONDS, st.just(""), st.just(""), FIELDS),
    st.builds(Done, st.integers(), st.just(False), SECONDS, TEXTS, TEXTS, FIELDS),
    st.builds(SdkEvent, TEXTS, TEXTS),
    st.builds(Heap, BYTES_BY_NAME, BYTES_BY_NAME, *COUNTS, st.lists(TEXTS).map(tuple)),
    st.builds(Log, TEXTS, TEXTS),
    st.builds(Bye, TEXTS, TEXTS),
)


@given(MESSAGES)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    line = emit_message(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse_message(line) == message


@given(st.builds(Command, st.integers(), TEXTS, FIELDS))
def test_a_command_comes_back_as_it_was(command: Command) -> None:
    line = emit_command(command)
    assert line.count(b"\n") == 1
    assert parse_command(line) == command


@given(st.builds(Heap, BYTES_BY_NAME, BYTES_BY_NAME, *COUNTS, st.lists(TEXTS).map(tuple)))
def test_the_result_of_measure_reads_like_a_heap_message(heap: Heap) -> None:
    assert parse_heap(heap_fields(heap)) == heap


@given(st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_a_message_or_unknown_or_malformed(line: bytes) -> None:
    try:
        message = parse_message(line)
    except MalformedLineError:
        return
    assert message is None or parse_message(emit_message(message)) == message


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"starting up...", "not JSON"),
        (b"[1,2]", "not a JSON object"),
        (b"{}", "type is None"),
        (b"[" * 100_000, "not JSON"),
        (b'{"type":"done","id":"7","ok":true}', "id is '7'"),
        (b'{"type":"done","id":true,"ok":true}', "id is True"),
        (b'{"type":"done","id":7}', "ok is None"),
        (b'{"type":"done","id":7,"ok":true,"seconds":NaN}', "seconds is nan"),
        (b'{"type":"heap","heap_bytes":{"python":-1}}', "heap_bytes is"),
        (b'{"type":"heap","heap_bytes":[1]}', "heap_bytes is"),
        (b'{"type":"heap","objects":"many"}', "objects is 'many'"),
        (b'{"type":"heap","unreadable_heaps":[1]}', "unreadable_heaps is"),
        (b'{"type":"hello","protocol":1}', "driver is None"),
    ],
)
def test_a_malformed_line_is_refused_with_the_reason(line: bytes, complaint: str) -> None:
    with pytest.raises(MalformedLineError, match=complaint):
        parse_message(line)


def test_unknown_types_and_fields_are_ignored() -> None:
    assert parse_message(b'{"type":"from_the_future","x":1}') is None
    assert parse_message(b'{"type":"event","event":"synced","wallet":"bob","x":1}') == SdkEvent("synced", "bob")


def test_a_configuration_of_another_version_is_refused() -> None:
    assert parse_config(emit_config({"storage_dir": "/x"}))["storage_dir"] == "/x"
    with pytest.raises(MalformedLineError, match="protocol is 2"):
        parse_config(b'{"protocol":2}')


def test_a_malformed_configuration_shows_no_seed() -> None:
    with pytest.raises(MalformedLineError) as refusal:
        parse_config(b'{"wallets":{"alice":"5eed5eed')
    assert "5eed" not in str(refusal.value)
