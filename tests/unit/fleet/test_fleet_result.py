"""A cell's result: as short as a container's last words, and read as it was written."""

import pytest
from fleet_plans import around, nightly, result_of
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.fleet.cells import cells_of
from exporter.fleet.result import MOST_BYTES, Result, decode, encode
from exporter.record.columns import OPERATIONS
from exporter.record.terms import Verdict

CELL = cells_of(nightly())[3]


def test_is_read_as_it_was_written() -> None:
    result = result_of(CELL, Verdict.LEAK, around(12.5, 1.25))
    assert decode(encode(result)) == result


@given(st.text(max_size=3000), st.text('\U0001f4a7\u2028é"\\', max_size=3000))
def test_is_short_whatever_the_reason_is(told: str, wide: str) -> None:
    growth = around(-1 / 3, 1e300)
    all_of_it = replace(result_of(CELL, growth=growth), growth_bytes_per={each.name: growth for each in OPERATIONS})
    for reason in (told, wide):
        data = encode(replace(all_of_it, reason=reason))
        assert len(data) < MOST_BYTES
        assert decode(data).cell == CELL.number


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"plan": "x", "cell": -1, "exit_code": 0}', b"[" * 9999]
)
def test_what_is_no_result_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="is no result of a cell"):
        decode(data)


@pytest.mark.parametrize(
    ("code", "final"),
    [(0, True), (1, True), (3, True), (4, True), (2, False), (5, False), (70, False), (130, False), (137, False)],
)
def test_only_what_says_something_of_the_subject_is_final(code: int, final: bool) -> None:
    assert Result(plan="x", cell=0, exit_code=code).final is final


def test_belongs_to_one_cell_of_one_plan() -> None:
    result = result_of(CELL)
    assert result.belongs_to("0" * 16, CELL)
    assert not result.belongs_to("1" * 16, CELL)
    assert not result.belongs_to("0" * 16, cells_of(nightly())[2])
