"""The driver protocol: whatever is emitted is parsed back, and nothing that comes in can do worse than be refused."""

import json
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.checked import MAX_COUNT, Json, UnreadableError, printable
from exporter.drivers.protocol import (
    BAD_ANSWER,
    Bye,
    Command,
    Done,
    Heap,
    Hello,
    Log,
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
    parse_result,
)

TEXTS = st.text(max_size=10).map(printable)
NUMBERS = st.integers(0, MAX_COUNT)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(TEXTS.map(lambda name: "x_" + name), JSON_VALUES, max_size=4)
SECONDS = st.floats(min_value=0, max_value=1e6)
BYTES_BY_NAME = st.dictionaries(TEXTS, NUMBERS, max_size=4)
COUNT = st.none() | NUMBERS
HEAPS = st.builds(Heap, BYTES_BY_NAME, BYTES_BY_NAME, COUNT, COUNT, COUNT, COUNT, st.lists(TEXTS).map(tuple))
MESSAGES = st.one_of(
    st.builds(Hello, TEXTS, TEXTS, TEXTS, TEXTS, COUNT, NUMBERS),
    st.builds(Done, NUMBERS, st.just(True), SECONDS, st.just(""), st.just(""), FIELDS),
    st.builds(Done, NUMBERS, st.just(False), SECONDS, TEXTS, TEXTS, FIELDS),
    st.builds(SdkEvent, TEXTS, TEXTS),
    HEAPS,
    st.builds(Log, TEXTS, TEXTS),
    st.builds(Bye, TEXTS, TEXTS),
)


@given(MESSAGES)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    line = emit_message(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse_message(line) == message


@given(st.builds(Command, NUMBERS, TEXTS, FIELDS))
def test_a_command_comes_back_as_it_was(command: Command) -> None:
    line = emit_command(command)
    assert line.count(b"\n") == 1
    assert parse_command(line) == command


@given(HEAPS)
def test_the_result_of_measure_reads_like_a_heap_message(heap: Heap) -> None:
    assert parse_heap(heap_fields(heap)) == heap


@given(st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_a_message_or_unknown_or_malformed(line: bytes) -> None:
    try:
        message = parse_message(line)
    except UnreadableError:
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
        (b'{"type":"heap","heap_bytes":[1]}', "heap_bytes is"),
        (b'{"type":"heap","objects":"many"}', "objects is 'many'"),
        (b'{"type":"heap","unreadable_heaps":[1]}', "unreadable_heaps is"),
        (b'{"type":"hello","protocol":1}', "driver is None"),
    ],
)
def test_a_malformed_line_is_refused_with_the_reason(line: bytes, complaint: str) -> None:
    with pytest.raises(UnreadableError, match=complaint):
        parse_message(line)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ("", "ok is None"),
        (',"ok":1', "ok is 1"),
        (',"ok":true,"seconds":NaN', "seconds is nan"),
        (',"ok":true,"seconds":-1', "seconds is -1"),
        (',"ok":true,"seconds":1' + "0" * 400, "seconds is 1000"),
        (',"ok":false,"error":[]', r"error is \[\]"),
    ],
)
def test_an_answer_that_is_none_is_a_failed_one(fields: str, complaint: str) -> None:
    answer = parse_message(f'{{"type":"done","id":7{fields}}}'.encode())
    assert isinstance(answer, Done)
    assert (answer.id, answer.ok, answer.kind) == (7, False, BAD_ANSWER)
    assert re.match(complaint, answer.error)


@pytest.mark.parametrize("size", ["-1", "1" + "0" * 400, "1.5", "true", "null", '"many"'])
def test_a_size_that_is_no_number_of_bytes_is_that_of_an_unreadable_heap(size: str) -> None:
    heap = parse_message(f'{{"type":"heap","heap_bytes":{{"python":{size},"native":5}}}}'.encode())
    assert heap == Heap({"native": 5}, unreadable=("python",))


@pytest.mark.parametrize(
    ("do", "wrong", "right"),
    [
        ("balance", {"balance_sats": "NaN"}, {"balance_sats": 5}),
        ("balance", {}, {"balance_sats": 0}),
        ("balance", {"balance_sats": 10**400}, {"balance_sats": MAX_COUNT}),
        ("deposit_address", {}, {"address": "bcrt1qx"}),
        ("spark_address", {"address": "spark\ud800"}, {"address": "spark1x"}),
        ("invoice", {"invoice": "x" * 100_000}, {"invoice": "lnbcrt1x"}),
        ("pay", {"request": 5}, {"request": "lnbcrt1x"}),
        ("measure", {}, {"heap_bytes": {}}),
        ("measure", {"heap_bytes": 7}, {"heap_bytes": {"go": 7}}),
    ],
)
def test_a_result_holds_what_its_command_gives_or_is_refused(
    do: str, wrong: Mapping[str, Json], right: Mapping[str, Json]
) -> None:
    assert parse_result(do, right) == right
    with pytest.raises(UnreadableError):
        parse_result(do, wrong)


def test_unknown_types_and_fields_are_ignored() -> None:
    assert parse_message(b'{"type":"from_the_future","x":1}') is None
    assert parse_message(b'{"type":"event","event":"synced","wallet":"bob","x":1}') == SdkEvent("synced", "bob")


def test_a_configuration_of_another_version_is_refused() -> None:
    assert parse_config(emit_config({"storage_dir": "/x"}))["storage_dir"] == "/x"
    with pytest.raises(UnreadableError, match="protocol is 2"):
        parse_config(b'{"protocol":2}')


def test_a_malformed_configuration_shows_no_seed() -> None:
    with pytest.raises(UnreadableError) as refusal:
        parse_config(b'{"wallets":{"alice":"5eed5eed')
    assert "5eed" not in str(refusal.value)
