"""Files that are followed while they are written, and output that is counted."""

import re
from pathlib import Path

import pytest

from exporter.checked import UnreadableError
from exporter.drivers.protocol import Heap
from exporter.record.told import Told
from exporter.watch.sources import CsvSource, OutputSource, merged

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
    source = CsvSource(path)
    source.read()
    path.write_text("payments,timestamp\n7,t\n")
    assert source.read() == Told(payments=7)


@pytest.mark.parametrize(
    ("pattern", "payments"),
    [(r"payment \d+ done", 2), (r"payment (\d+) done", 12), (r"(paid|done)", 2), (r"nothing", 0)],
)
def test_payments_are_counted_or_read_from_lines(pattern: str, payments: int) -> None:
    source = OutputSource(re.compile(pattern))
    for part in (b"payment 11 do", b"ne\nnoise\n", b"payment 12 done\npayment 13 do"):
        source.feed(part)
    assert source.read().payments == payments


def test_of_two_sources_for_one_figure_the_later_holds() -> None:
    together = merged([Told(Heap({"go": 1, "x": 2}, goroutines=4)), Told(Heap({"go": 3}), payments=5), Told()])
    assert together == Told(Heap({"go": 3, "x": 2}, goroutines=4), payments=5)
