"""Content negotiation: formats and encodings, weights and wildcards."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.publish.negotiation import accepts_gzip, choose_format

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_TEXT = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.2"
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        (PROMETHEUS_2_42, True),
        (PROMETHEUS_3, True),
        (CHROMIUM, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; Version=1.0.0", True),
        ("application/openmetrics-text; version=0.0.1", False),
        ("application/openmetrics-text;q=0.5, text/plain", False),
        ("text/plain;q=0.5, application/openmetrics-text;q=0.6", True),
        ("text/plain, application/openmetrics-text", True),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=0.4, text/*;q=0.5", False),
        ("application/openmetrics-text;q=0.4, text/plain;q=0.1, */*", True),
        ("application/openmetrics-text;q=0.4, text/*;q=0.1, */*", True),
        ("application/openmetrics-text;q=nonsense", False),
    ],
)
def test_format(accept: str, openmetrics: bool) -> None:
    found = choose_format(accept)
    assert found.openmetrics is openmetrics
    assert found.content_type.startswith("application/openmetrics-text;" if openmetrics else "text/plain;")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        (PROMETHEUS_2_42, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"),
        (PROMETHEUS_3, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
        (PROMETHEUS_3_TEXT, "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
        (
            "application/openmetrics-text;version=1.0.0;escaping=dots",
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
        ),
        ("text/plain;version=1.0.0;escaping=x\r\ny", "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"),
    ],
)
def test_what_an_answer_states_of_itself(accept: str, content_type: str) -> None:
    assert choose_format(accept).content_type == content_type


@pytest.mark.parametrize(
    ("accept_encoding", "gzip"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("GZIP;q=0.1", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=nan", False),
    ],
)
def test_encoding(accept_encoding: str, gzip: bool) -> None:
    assert accepts_gzip(accept_encoding) is gzip


STATED = re.compile(
    r"(text/plain; version=(0\.0\.4|1\.0\.0)|application/openmetrics-text; version=1\.0\.0); charset=utf-8"
    r"(; escaping=(allow-utf-8|underscores|values))?"
)
PARTS = st.sampled_from(
    [
        "text/plain",
        "application/openmetrics-text",
        "*/*",
        ";version=1.0.0",
        ";version=2.0.0",
        ";q=0.5",
        ";q=nan",
        ",",
        "\r",
    ]
)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60) | st.lists(PARTS).map("".join))
def test_any_header_is_answered_in_a_format_that_is_written(header: str) -> None:
    assert STATED.fullmatch(choose_format(header).content_type)
    assert accepts_gzip(header) in (True, False)


@given(st.lists(st.sampled_from(["gzip", "br", "deflate", "identity"]), min_size=1, unique=True))
def test_order_does_not_matter_without_weights(encodings: list[str]) -> None:
    assert accepts_gzip(",".join(encodings)) == accepts_gzip(",".join(reversed(encodings)))
