import bz2
import gzip
import io
import lzma
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.analysis.series import Run, parse_csv, read_csv
from exporter.analysis.stretch import longest_stretch
from exporter.analysis.verdict import judge
from exporter.errors import ConfigError
from exporter.record.terms import Verdict

OURS = (
    b"timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,uss_bytes,payments,phase,settled\n"
    b"2025-01-01T00:00:00Z,0.00,54000000,7000000,,0,running,1\n"
    b"2025-01-01T00:00:01Z,1.25,54000512,,53000000,12,running,0\n"
    b"2025-01-01T00:00:02Z,2.5,54000512,7100000,,120,stopping,0\n"
)
GO = (
    b"timestamp,elapsed_sec,rss_bytes,heap_alloc_bytes,heap_inuse_bytes,heap_objects,heap_sys_bytes,goroutines,"
    b"payments,listeners\n2025-01-01T00:00:00Z,0.00,1,2,3,4,5,6,7,8\n"
)
RUST = (
    b"timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,heap_resident_bytes,payments\n"
    b"2025-01-01T00:00:00+00:00,0.00,10,20,30,40\n"
)


def parse(content: bytes) -> Run:
    return parse_csv(io.BytesIO(content), "out.csv")


def test_reads_our_own_columns() -> None:
    run = parse(OURS)
    assert run.columns["elapsed_sec"].tolist() == [0.0, 1.25, 2.5]
    assert run.columns["rss_bytes"].tolist() == [54000000, 54000512, 54000512]
    np.testing.assert_array_equal(run.columns["heap_allocated_bytes"], [7000000, math.nan, 7100000])
    np.testing.assert_array_equal(run.columns["uss_bytes"], [math.nan, 53000000, math.nan])
    assert [run.phase_names[code] for code in run.phases] == ["running", "running", "stopping"]
    assert (run.first_timestamp, run.last_timestamp) == ("2025-01-01T00:00:00Z", "2025-01-01T00:00:02Z")
    assert not run.torn


def test_reads_the_go_harness_heap_under_our_name() -> None:
    run = parse(GO)
    assert run.columns["heap_allocated_bytes"].tolist() == [2]
    assert run.columns["goroutines"].tolist() == [6]


def test_reads_the_rust_harness() -> None:
    run = parse(RUST)
    assert run.columns["heap_allocated_bytes"].tolist() == [20]
    assert run.columns["payments"].tolist() == [40]


def test_a_column_without_any_value_is_absent() -> None:
    run = parse(b"elapsed_sec,rss_bytes,uss_bytes\n0,1,\n1,2,\n")
    assert run.column("uss_bytes") is None
    assert run.column("nothing") is None
    assert run.column("rss_bytes") is not None


def test_a_torn_last_line_is_left_out() -> None:
    whole = parse(OURS)
    for cut in range(1, 50):
        run = parse(OURS[:-cut])
        assert run.torn
        assert run.columns["rss_bytes"].tolist() == whole.columns["rss_bytes"].tolist()[:2]


def test_a_header_alone_is_an_empty_run() -> None:
    assert len(parse(b"elapsed_sec,rss_bytes\n")) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1, column 1: expected a header line"),
        (b"a,b\n1,2\n", "line 1, column 1: expected a header line with elapsed_sec"),
        (b"elapsed_sec,rss_bytes,rss_bytes\n1,2,3\n", "line 1, column rss_bytes: expected each column once"),
        (b"elapsed_sec,rss_bytes\n1,2\n2,4x\n3,4\n", "line 3, column rss_bytes: expected a number"),
        (b"elapsed_sec,rss_bytes\n1,2\n2,1_0\n", "line 3, column rss_bytes: expected a number"),
        (b"elapsed_sec,rss_bytes\n1,2\n2,inf\n", "line 3, column rss_bytes: expected a number"),
        (b"elapsed_sec,rss_bytes\n1,2\n2,.\n", "line 3, column rss_bytes: expected a number"),
        (b"elapsed_sec,rss_bytes\n1,2\n2\n3,4\n", "line 3, column rss_bytes: expected 2 cells, found 1"),
        (b"elapsed_sec,rss_bytes\n1,2\n2,3,4\n", "line 3, column rss_bytes: expected 2 cells, found 3"),
        (b"elapsed_sec,rss_bytes\n1,2\n\n2,3\n", "line 3, column elapsed_sec: expected 2 cells, found 0"),
        (
            b"elapsed_sec,rss_bytes\n1,2\nelapsed_sec,rss_bytes\n1,2\n",
            "line 3: expected a row, found a header: put each",
        ),
        ("elapsed_sec,rss_bytes\n1,\N{FULLWIDTH DIGIT TWO}\n".encode(), "line 2, column rss_bytes: expected a number"),
        (b"elapsed_sec,rss_bytes\n1,2\n1.2.3,3\n", "line 3, column elapsed_sec: expected a number"),
        (b"elapsed_sec,rss_bytes\n1,2\n\xff\xfe,3\n", "line 3, column elapsed_sec: expected a number"),
        (b'elapsed_sec,rss_bytes\n1,2\n"1,3\n', "line 3, column elapsed_sec: expected comma-separated cells"),
    ],
)
def test_damage_is_named_by_file_line_and_column(content: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(content)
    assert str(caught.value).startswith("out.csv, ")
    assert said in str(caught.value)


def test_damage_beyond_the_first_block_has_the_right_line() -> None:
    rows = b"".join(b"%d,%d\n" % (index, 50_000_000 + index) for index in range(200_000))
    with pytest.raises(ConfigError, match="line 200002, column rss_bytes"):
        parse(b"elapsed_sec,rss_bytes\n" + rows + b"200000,none\n")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_to_be_unpacked_first(pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ConfigError, match=r"^out.csv is compressed: unpack it first$"):
        parse(pack(OURS))


@pytest.mark.parametrize("written", ["-1", "1e30"])
def test_a_count_that_cannot_be_is_no_restart(written: str) -> None:
    rows = "".join(f"{index},1,{written if index == 5 else 10 * index}\n" for index in range(10))
    run = parse(f"elapsed_sec,rss_bytes,payments\n{rows}".encode())
    assert np.isnan(run.columns["payments"]).tolist() == [index == 5 for index in range(10)]
    assert run.emptied == {"payments": 1}
    assert not any("restarted" in note for note in longest_stretch(run).notes)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        read_csv(tmp_path / "nothing.csv")


def test_line_ends_and_quotes_of_other_writers() -> None:
    run = parse(b'\xef\xbb\xbf"elapsed_sec","rss_bytes",phase\r\n0,1,"a,b"\r\n1,2,"c"\r\n')
    assert run.columns["rss_bytes"].tolist() == [1, 2]
    assert run.phase_names == ("a,b", "c")


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\n\n\n"])
def test_blank_lines_at_the_end_are_no_rows(blank: str) -> None:
    run = parse(OURS + blank.encode())
    assert run.columns["payments"].tolist() == [0, 12, 120]
    assert run.last_timestamp == "2025-01-01T00:00:02Z"
    assert not run.torn


def test_a_file_without_lines_is_given_up() -> None:
    for content in (bytes(10_000_000), OURS + bytes(10_000_000), OURS + b"\n" * 10_000_000):
        with pytest.raises(ConfigError, match="found"):
            parse(content)


cells = st.one_of(
    st.just(""),
    st.integers(0, 10**17).map(str),
    st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=3).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["-1", "+2", "1e3", "nan", "NaN", "007", ".5", "5."]),
)


@given(st.lists(st.tuples(cells, cells, st.sampled_from(["running", "stopping", ""])), max_size=30))
def test_every_cell_is_what_float_makes_of_it(rows: list[tuple[str, str, str]]) -> None:
    content = "elapsed_sec,rss_bytes,beyond_heaps_bytes,phase\n" + "".join(
        f"{a},1,{b},{phase}\n" for a, b, phase in rows
    )
    run = parse(content.encode())
    for index, name in enumerate(("elapsed_sec", "beyond_heaps_bytes")):
        expected = [float(row[index]) if row[index] else math.nan for row in rows]
        np.testing.assert_array_equal(run.columns[name], np.array(expected))
    assert [run.phase_names[code] for code in run.phases] == [row[2] for row in rows]


def harness_rows(kib_per_minute: float) -> list[list[int]]:
    """An hour of a Go program, as the Go memory test records it."""
    rng = np.random.default_rng(5)
    heaps = 20_000_000 + kib_per_minute * 1024 * np.arange(361) / 6 + 50_000 * rng.standard_normal(361)
    return [[10 * row, 60_000_000 + int(heap), int(heap), 2 * row] for row, heap in enumerate(heaps)]


def harness_run(rows: list[list[int]]) -> Run:
    lines = (",".join(map(str, row)) for row in rows)
    return parse("\n".join(["elapsed_sec,rss_bytes,heap_alloc_bytes,payments", *lines, ""]).encode())


@pytest.mark.parametrize(("rate", "expected"), [(0, Verdict.NO_LEAK), (100, Verdict.LEAK)])
@pytest.mark.parametrize("written", [0, -1, 2**64 - 1])
def test_what_is_written_for_a_failed_reading_turns_no_verdict(rate: float, expected: Verdict, written: int) -> None:
    rows = harness_rows(rate)
    for row in (*rows[100:120], rows[-1]):
        row[1] = row[2] = written
    found = judge(harness_run(rows))
    assert found.verdict is expected
    assert any(
        "heap_allocated_bytes holds what can't be (0, below 0, or far too much) in 21 of" in note
        for note in found.flags
    )


@pytest.mark.parametrize("rate", [0, 100])
def test_a_column_of_zeros_is_missing_and_acquits_nobody(rate: float) -> None:
    rows = harness_rows(rate)
    for row in rows:
        row[2] = 0
    run = harness_run(rows)
    assert run.column("heap_allocated_bytes") is None
    assert (judge(run).verdict is Verdict.LEAK) is (rate > 0)
    for row in rows:
        row[1] = 0
    assert judge(harness_run(rows)).verdict is Verdict.INCONCLUSIVE
