"""What comes from outside: any text becomes one that can be shown, any number one that can be kept, or is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.checked import (
    MAX_COUNT,
    NAME_LENGTH,
    OTHER,
    Names,
    UnreadableError,
    count,
    json_object,
    printable,
    seconds,
    shown,
    token,
)

ANY_TEXT = st.text(st.characters(), max_size=40)  # half characters included
ANY_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.just(10**400) | st.just(-(10**400))


@given(ANY_TEXT, st.integers(1, 50))
def test_any_text_becomes_one_that_can_be_shown(text: str, longest: int) -> None:
    safe = printable(text, longest)
    assert safe.encode().decode() == safe
    assert len(safe) <= longest
    assert safe.splitlines() in ([safe], [])
    assert printable(safe, longest) == safe


def test_what_could_spoil_a_terminal_is_escaped() -> None:
    assert printable("a\x1b[2Jb\r\n\x7f\u202e\ud800ü→") == r"a\x1b[2Jb\r\n\x7f\u202e\ud800ü→"


@given(ANY_VALUE)
def test_a_number_is_one_that_can_be_kept_or_refused(value: object) -> None:
    assert len(shown(value)) <= NAME_LENGTH
    for read in (count, lambda fields, name: seconds(fields, name, 0.0)):
        with suppress(UnreadableError):
            assert 0 <= read({"x": value}, "x") <= MAX_COUNT


@given(ANY_TEXT)
def test_text_that_is_handed_on_stays_as_it_is_or_is_refused(text: str) -> None:
    try:
        assert token({"x": text}, "x") == text
    except UnreadableError:
        assert not text or printable(text) != text


@given(st.binary(max_size=100) | ANY_VALUE.map(lambda value: json.dumps({"x": value}).encode()))
def test_bytes_are_an_object_or_refused(raw: bytes) -> None:
    with suppress(UnreadableError):
        assert isinstance(json_object(raw), dict)


@pytest.mark.parametrize("raw", [b"\xff\x1b[2J", b"[" * 100_000, b'["\\ud800"]', b"1" * 10_000])
def test_a_refusal_can_be_shown(raw: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"^not (JSON|a JSON object)") as refusal:
        json_object(raw)
    assert printable(str(refusal.value)) == str(refusal.value)


def test_json_in_another_encoding_is_refused() -> None:
    with pytest.raises(UnreadableError):
        json_object('{"x":1}'.encode("utf-16"))


@given(st.lists(st.dictionaries(ANY_TEXT, st.integers(0, 9), max_size=8), max_size=20))
def test_names_are_few_whatever_comes_and_sums_stay(messages: list[dict[str, int]]) -> None:
    names = Names(5, ("go",))
    used: set[str] = set()
    for values in messages:
        found = names.sums(values)
        used |= found.keys()
        assert sum(found.values()) == sum(values.values())
    assert len(used - {OTHER}) <= 5
    assert names.admit("go") == "go"
