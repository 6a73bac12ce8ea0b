"""Files that are followed while they are written: their last whole row, and none of another run."""

import os
import time
from pathlib import Path

import pytest

from exporter.checked import UnreadableError
from exporter.drivers.protocol import Heap
from exporter.errors import ConfigError
from exporter.record.told import Told
from exporter.watch.followed_csv import MOST_BYTES_READ, CsvSource

HEADER = "timestamp,heap_alloc_bytes,payments\n"


def test_the_last_whole_row_of_a_growing_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "go.csv"
    source = CsvSource(path)
    with pytest.raises(FileNotFoundError):
        source.read()
    path.write_text(HEADER)
    with pytest.raises(UnreadableError, match="no row yet"):
        source.read()
    with path.open("a") as stream:
        stream.write("t,100,1\nt,200,2\nt,30")
        stream.flush()
        assert source.read() == Told(Heap({"go": 200}), payments=2)
        assert source.read() == Told(Heap({"go": 200}), payments=2)
        stream.write("0,3\n")
        stream.flush()
        assert source.read() == Told(Heap({"go": 300}), payments=3)


def test_a_file_that_starts_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "go.csv"
    path.write_text(HEADER + "t,100,1\nt,200,2\n")
    source = CsvSource(path, since=0.0)
    assert source.read().payments == 2
    path.write_text("payments,timestamp\n7,t\n")
    assert source.read() == Told(payments=7)


def test_rows_of_the_run_before_are_not_live(tmp_path: Path) -> None:
    path = tmp_path / "go.csv"
    path.write_text(HEADER + "t,100,1\nt,200,2\n")
    source = CsvSource(path)
    for _ in range(2):
        with pytest.raises(UnreadableError, match="no row yet of this run"):
            source.read()
    with path.open("a") as stream:
        stream.write("t,300,3\n")
    assert source.read() == Told(Heap({"go": 300}), payments=3)


def test_a_row_that_was_torn_in_the_run_before_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "go.csv"
    path.write_text(HEADER + "t,100,1\nt,2")
    source = CsvSource(path)
    with path.open("a") as stream:
        stream.write("00,2\n")
    with pytest.raises(UnreadableError, match="no row yet"):
        source.read()
    with path.open("a") as stream:
        stream.write("t,300,3\n")
    assert source.read().payments == 3


@pytest.mark.parametrize(("age", "live"), [(0.0, True), (3600.0, False)])
def test_what_a_running_program_has_written_is_live_and_what_is_older_than_it_is_not(
    tmp_path: Path, age: float, live: bool
) -> None:
    path = tmp_path / "go.csv"
    path.write_text(HEADER + "t,100,1\n")
    began = time.time()
    os.utime(path, (began - age, began - age))
    source = CsvSource(path, since=began)
    if live:
        assert source.read().payments == 1
    else:
        with pytest.raises(UnreadableError):
            source.read()


@pytest.mark.parametrize("rows", ["t,7,7\n", "t,7,7\n" * 1000, "t,400,4\nt,500,5\nt,600,6\nt,7,7\n"])
@pytest.mark.parametrize("renamed", [True, False])
def test_a_file_that_is_replaced_is_followed(tmp_path: Path, rows: str, renamed: bool) -> None:
    path = tmp_path / "go.csv"
    path.write_text(HEADER + "t,100,1\nt,200,2\nt,300,3\n")
    source = CsvSource(path, since=0.0)
    assert source.read().payments == 3
    other = tmp_path / "other.csv" if renamed else path
    other.write_text(HEADER + rows)
    other.rename(path)
    assert source.read() == Told(Heap({"go": 7}), payments=7)


@pytest.mark.parametrize(
    "text",
    [
        '"timestamp","heap_alloc_bytes","payments"\r\n"t, x",100,1\r\n',
        "timestamp;heap_alloc_bytes;payments\nt;100;1\n",
        "timestamp\theap_alloc_bytes\tpayments\nt\t100\t1\n",
        "\ufefftimestamp, heap_alloc_bytes, payments\nt, 100, 1\n",
        HEADER + "t,100,1\n\n",
        HEADER + "t,100,1\n\r\n  \n",
        HEADER + "t,50,0\n" + HEADER + "t,100,1\n" + HEADER,
    ],
)
def test_other_ways_to_write_a_csv_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "go.csv"
    path.write_text(text, newline="")
    assert CsvSource(path, since=0.0).read() == Told(Heap({"go": 100}), payments=1)


@pytest.mark.parametrize("header", ["time|heap_alloc_bytes|payments", "a,b,c", "Heap Alloc,Payments,x"])
def test_a_header_without_a_known_column_is_refused_with_what_it_is(tmp_path: Path, header: str) -> None:
    path = tmp_path / "go.csv"
    path.write_text(header + "\n1,2,3\n")
    with pytest.raises(UnreadableError, match=r"its header is .* of which no column is one of heap_alloc_bytes"):
        CsvSource(path, since=0.0).read()


def test_a_long_file_costs_no_more_than_its_end(tmp_path: Path) -> None:
    path = tmp_path / "go.csv"
    with path.open("w") as stream:
        stream.write(HEADER + "t,100,1\n" * 1_000_000 + "t,200,2\n")
    source = CsvSource(path, since=0.0)
    assert source.read() == Told(Heap({"go": 200}), payments=2)
    with path.open("a") as stream:
        stream.write("x" * (3 * MOST_BYTES_READ) + "\nt,300,3\n")
    assert source.read() == Told(Heap({"go": 300}), payments=3)


def test_what_is_no_regular_file_is_refused_at_once_and_never_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    for wrong in (path, tmp_path, Path("/dev/null")):
        with pytest.raises(ConfigError, match=r"follow-csv is .*, which is no regular file: name a file"):
            CsvSource(wrong)
    late = CsvSource(tmp_path / "late")
    path.rename(tmp_path / "late")
    with pytest.raises(UnreadableError, match="no regular file"):
        late.read()
