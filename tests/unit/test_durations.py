"""Durations: Go's grammar, its refusals, and the round trip."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.durations import format_clock, format_duration, parse_duration

HUNDRED_DAYS_IN_NANOSECONDS = 100 * 86_400 * 10**9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("90s", 90),
        ("30m", 1800),
        ("1h", 3600),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("1.s", 1),
        ("1m1m", 120),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("250μs", 0.00025),
        ("7ns", 7e-9),
        (" 5s ", 5),
    ],
)
def test_parses_what_go_parses(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "90", "s", "1x", "1h30", "-5s", "+5s", "1 h", "1e3s", ".s", ".", "1d", "nan", "٣s"]
)
def test_refuses_the_rest_and_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration; write it like 90s"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (5400, "1h30m"), (3600, "1h"), (90, "1m30s"), (0.5, "500ms"), (1.25, "1.25s"), (0.0000015, "1.5us")],
)
def test_formats_in_the_shortest_form(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=HUNDRED_DAYS_IN_NANOSECONDS))
@example(4_503_599_627_370_491)
def test_what_is_formatted_parses_to_the_same(nanoseconds: int) -> None:
    seconds = nanoseconds / 10**9
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text(max_size=12))
def test_any_text_parses_or_is_refused_with_a_value_error(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        message = str(error)
        assert "not a duration" in message
    else:
        assert seconds >= 0


def test_a_negative_duration_has_no_format() -> None:
    with pytest.raises(ValueError, match="negative"):
        format_duration(-1)


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00:00"), (90.9, "00:01:30"), (360_000, "100:00:00")])
def test_clock(seconds: float, text: str) -> None:
    assert format_clock(seconds) == text
