"""The CSV sink: what it writes, what it never destroys, and what a full disk or a kill leaves behind."""

import csv
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.record.columns import COLUMNS
from exporter.record.csv_file import HEADER, CsvSink, format_row
from exporter.record.sample import Sample

SAMPLE = Sample(
    timestamp=datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
    elapsed_sec=30.0004,
    rss_bytes=54_400_000,
    heap_allocated_bytes=9_000_000,
    uss_bytes=None,
    heap_python_bytes=4_000_000,
    heap_native_bytes=5_000_000,
    heap_mmap_bytes=0,
    threads=12,
    open_fds=14,
    payments=6,
    payment_failures=0,
    listeners=2,
    instances=2,
    reconnects=0,
    phase="running",
    settled=0,
)
CELLS = "2026-01-02T03:04:05.678Z,30.000,54400000,9000000,,4000000,5000000,0,12,14,6,0,2,2,0,running,0"
ROW = CELLS + "," * (HEADER.count(",") - CELLS.count(",")) + "\n"

WRITE_UNTIL_KILLED = """
import itertools, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_record_csv_file import SAMPLE, Sample
from exporter.record.csv_file import CsvSink
sink = CsvSink.open(Path(sys.argv[1]), "refuse")
for number in itertools.count():
    sink.write(Sample(**{**SAMPLE.cells, 'payments': number}))
    print(number, flush=True)
"""


def write(path: Path, *samples: Sample, existing: str = "refuse") -> None:
    sink = CsvSink.open(path, existing)  # type: ignore[arg-type]
    for sample in samples:
        sink.write(sample)
    sink.close()


def test_writes_the_header_once_and_a_row_per_sample(tmp_path: Path) -> None:
    write(tmp_path / "out.csv", SAMPLE, SAMPLE)
    assert (tmp_path / "out.csv").read_text() == HEADER + ROW + ROW


@given(
    elapsed=st.floats(min_value=0, max_value=1e7),
    rss=st.none() | st.integers(min_value=0, max_value=1 << 50),
    phase=st.sampled_from(["running", "stopping"]),
)
def test_a_row_read_back_says_the_same(elapsed: float, rss: int | None, phase: str) -> None:
    sample = Sample(**{**SAMPLE.cells, "elapsed_sec": elapsed, "rss_bytes": rss, "phase": phase})
    cells = dict(zip(COLUMNS, next(csv.reader([format_row(sample)])), strict=True))
    assert float(cells["elapsed_sec"]) == pytest.approx(elapsed, abs=0.0006)
    assert cells["rss_bytes"] == ("" if rss is None else str(rss))
    assert cells["phase"] == phase


def test_refuses_an_existing_file_and_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("precious")
    with pytest.raises(ConfigError, match=r"exists: add --csv-append .* or --csv-overwrite|--csv-overwrite to replace"):
        write(path, SAMPLE)
    assert path.read_text() == "precious"


def test_takes_an_existing_empty_file(tmp_path: Path) -> None:
    (tmp_path / "out.csv").touch()
    write(tmp_path / "out.csv", SAMPLE)
    assert (tmp_path / "out.csv").read_text() == HEADER + ROW


@pytest.mark.parametrize("existing", ["refuse", "append", "overwrite"])
def test_two_runs_never_write_one_file(tmp_path: Path, existing: str) -> None:
    path = tmp_path / "out.csv"
    first = CsvSink.open(path, "refuse")
    first.write(SAMPLE)
    with pytest.raises(ConfigError, match="being written by another run"):
        write(path, SAMPLE, existing=existing)
    first.close()
    assert path.read_text() == HEADER + ROW


def test_replaces_when_told(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    write(path, SAMPLE, existing="overwrite")
    assert path.read_text() == HEADER + ROW


@pytest.mark.parametrize("before", ["", HEADER, HEADER + ROW, HEADER + ROW + ROW])
def test_goes_on_where_a_file_ended(tmp_path: Path, before: str) -> None:
    path = tmp_path / "out.csv"
    path.write_text(before)
    write(path, SAMPLE, existing="append")
    assert path.read_text() == (before or HEADER) + ROW


@given(cut=st.integers(min_value=0, max_value=len(HEADER + ROW + ROW)))
def test_goes_on_after_a_torn_row_without_losing_a_whole_one(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "out.csv"
    text = (HEADER + ROW + ROW)[:cut]
    path.write_text(text)
    write(path, SAMPLE, existing="append")
    whole = text[: text.rfind("\n") + 1]
    assert path.read_text() == (whole or HEADER) + ROW


def test_does_not_go_on_with_a_file_of_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("time,rss\n1,2\n")
    with pytest.raises(ConfigError, match="other columns"):
        write(path, SAMPLE, existing="append")
    assert path.read_text() == "time,rss\n1,2\n"


def test_names_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no directory .*absent; create it"):
        write(tmp_path / "absent" / "out.csv", SAMPLE)


def test_refuses_a_directory_as_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't be written: Is a directory"):
        write(tmp_path, SAMPLE, existing="overwrite")


@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_refuses_a_device(device: str) -> None:
    with pytest.raises(ConfigError, match="is not a regular file: name a file on a disk"):
        CsvSink.open(Path(device), "overwrite")


def test_refuses_a_pipe_without_waiting_for_a_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out.csv")
    with pytest.raises(ConfigError, match="is not a regular file"):
        CsvSink.open(tmp_path / "out.csv", "refuse")


@pytest.mark.processes
def test_refuses_the_file_that_it_prints_to(tmp_path: Path) -> None:
    script = """
from pathlib import Path
from exporter.errors import ConfigError
from exporter.record.csv_file import CsvSink
try:
    CsvSink.open(Path("/dev/stdout"), "refuse")
except ConfigError as error:
    print(error)
"""
    with (tmp_path / "out.txt").open("w") as file:
        subprocess.run([sys.executable, "-c", script], stdout=file, check=True)
    assert (tmp_path / "out.txt").read_text() == "csv /dev/stdout is where this program prints: name another file\n"


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[CsvSink]:
    """A file with one row."""
    opened = CsvSink.open(tmp_path / "out.csv", "refuse")
    assert opened.write(SAMPLE) == ""
    yield opened
    opened.close()


def test_a_file_that_is_removed_is_made_anew_with_all_its_rows(sink: CsvSink, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.unlink()
    assert "out.csv was removed or renamed: it is made anew" in sink.write(SAMPLE)
    assert sink.write(SAMPLE) == ""
    assert path.read_text() == HEADER + ROW * 3
    with pytest.raises(ConfigError, match="being written by another run"):
        CsvSink.open(path, "append")


def test_a_file_that_is_renamed_keeps_its_rows(sink: CsvSink, tmp_path: Path) -> None:
    (tmp_path / "out.csv").rename(tmp_path / "old.csv")
    assert "made anew" in sink.write(SAMPLE)
    assert (tmp_path / "old.csv").read_text() == HEADER + ROW
    assert (tmp_path / "out.csv").read_text() == HEADER + ROW * 2


def test_a_file_in_whose_place_is_another_is_made_anew_beside(sink: CsvSink, tmp_path: Path) -> None:
    (tmp_path / "out.csv").unlink()
    (tmp_path / "out.csv").write_text("precious")
    assert "out-1.csv" in sink.write(SAMPLE)
    assert (tmp_path / "out.csv").read_text() == "precious"
    assert (tmp_path / "out-1.csv").read_text() == HEADER + ROW * 2
    assert sink.readable == tmp_path / "out-1.csv"


@pytest.mark.parametrize(("left", "text"), [(0, ""), (len(HEADER) + 5, HEADER), (len(HEADER + ROW) + 5, HEADER + ROW)])
def test_a_file_that_is_cut_goes_on_with_whole_rows(sink: CsvSink, tmp_path: Path, left: int, text: str) -> None:
    sink.write(SAMPLE)
    os.truncate(tmp_path / "out.csv", left)
    assert "was cut short by somebody else: rows are lost" in sink.write(SAMPLE)
    assert sink.write(SAMPLE) == ""
    assert (tmp_path / "out.csv").read_text() == (text or HEADER) + ROW * 2


def test_a_file_that_cannot_be_made_anew_can_be_read_until_the_end(tmp_path: Path) -> None:
    directory = tmp_path / "there"
    directory.mkdir()
    sink = CsvSink.open(directory / "out.csv", "refuse")
    sink.write(SAMPLE)
    shutil.rmtree(directory)
    assert "can't be made anew: No such file or directory" in sink.write(SAMPLE)
    assert sink.write(SAMPLE) == ""
    assert sink.readable.read_text() == HEADER + ROW * 3
    directory.mkdir()
    assert "made anew" in sink.write(SAMPLE)
    assert (directory / "out.csv").read_text() == HEADER + ROW * 4
    sink.close()


@pytest.mark.processes
def test_a_row_that_only_fits_in_part_is_taken_back(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: it also takes a part of the last write."""
    path = tmp_path / "out.csv"
    limit = len(HEADER + ROW) + 20
    script = f"""
import errno, resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_record_csv_file import SAMPLE, Sample
from exporter.record.csv_file import CsvSink
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sink = CsvSink.open(Path({str(path)!r}), "refuse")
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
sink.write(SAMPLE)
try:
    sink.write(SAMPLE)
except OSError as error:
    print(errno.errorcode[error.errno])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
sink.write(SAMPLE)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "EFBIG\n"
    assert path.read_text() == HEADER + ROW + ROW


@pytest.mark.processes
def test_a_killed_writer_leaves_every_row_that_it_reported(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    arguments = [sys.executable, "-c", WRITE_UNTIL_KILLED, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reported = [next(process.stdout) for _ in range(50)]
        os.kill(process.pid, signal.SIGKILL)
    rows = path.read_text().splitlines()[1:]
    assert len(rows) >= len(reported)
    assert [row.split(",")[10] for row in rows[:50]] == [str(number) for number in range(50)]
