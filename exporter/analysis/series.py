"""A run's series as arrays, from a CSV of ours, of the Go harness or of the Rust harness."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.csv_cells import Block, Floats, parse_block
from exporter.errors import ConfigError
from exporter.record.column import Unit
from exporter.record.columns import CATALOGUE

# What the other harnesses call a column of ours.
ALIASES = {"heap_alloc_bytes": "heap_allocated_bytes"}
NUMERIC_COLUMNS = tuple(column.name for column in CATALOGUE if column.unit not in (Unit.TEXT, Unit.TIME))

# Of these a process that lives has some; harnesses write 0 for a reading that has failed.
_NEVER_ZERO = frozenset(
    {
        *(
            "rss_bytes",
            "rss_anon_bytes",
            "uss_bytes",
            "heap_allocated_bytes",
            "heap_python_bytes",
            "heap_go_bytes",
            "heap_node_bytes",
        ),
        *("heap_inuse_bytes", "heap_sys_bytes", "heap_resident_bytes", "heap_objects", "goroutines", "threads"),
    }
)
_SIGNED = frozenset({"elapsed_sec", "beyond_heaps_bytes"})
_ADDRESS_SPACE_BYTES = 2.0**48  # and more than anything counts up to
_BLOCK_BYTES = 1 << 20
_LONGEST_LINE = 1 << 20
_LONGEST_TIMESTAMP = 40
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")  # gzip, bzip2, xz, zstd, zip


@dataclass(frozen=True, slots=True)
class Run:
    """The series of one run.

    ``columns`` maps a column's name to float64 of shape (samples,), NaN where a cell was empty; ``elapsed_sec`` is
    always there. ``phases`` holds indices into ``phase_names``. The timestamps are the file's own text.
    ``torn`` says that the file ended within a line, which was left out. ``emptied`` counts by column the cells with a
    figure that no living process has, which count as empty.
    """

    name: str
    columns: Mapping[str, Floats]
    phases: NDArray[np.int16]
    phase_names: tuple[str, ...] = ("",)
    first_timestamp: str = ""
    last_timestamp: str = ""
    torn: bool = False
    emptied: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["elapsed_sec"])

    def column(self, name: str) -> Floats | None:
        """A column, or None when the run has no such column or no value in it."""
        values = self.columns.get(name)
        return None if values is None or bool(np.isnan(values).all()) else values

    @property
    def trimmed(self) -> NDArray[np.bool_]:
        """Which samples were taken with the allocator trimmed: readings to compare with each other only."""
        values = self.columns.get("trimmed")
        return np.zeros(len(self), dtype=np.bool_) if values is None else values > 0

    @classmethod
    def of(cls, name: str, **columns: Floats) -> "Run":
        """A run made of arrays, all in one phase; ``elapsed_sec`` is required."""
        return cls(name, columns, np.zeros(len(columns["elapsed_sec"]), dtype=np.int16))


def read_csv(path: Path) -> Run:
    """Read a run's CSV; a torn last line is left out.

    Raises ConfigError naming file, line, column and what was expected for anything else that is damaged.
    """
    try:
        with path.open("rb") as stream:
            return parse_csv(stream, str(path))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; name a CSV file that a run has written") from error


def parse_csv(stream: BinaryIO, source: str) -> Run:
    """As `read_csv`, from an open file; ``source`` is the name that errors give."""
    header = _parse_header(stream.readline(_LONGEST_LINE), source)
    names = [ALIASES.get(name, name) for name in header]
    numeric = [index for index, name in enumerate(names) if name in NUMERIC_COLUMNS]
    phase_index = names.index("phase") if "phase" in names else None
    table = _Table(len(numeric))
    phase_codes: dict[str, int] = {}
    phases: list[NDArray[np.int16]] = []
    first = last = ""
    torn = False
    for block in _blocks(stream, source):
        if not block.text.endswith(b"\n"):
            torn = True
            continue
        columns, texts = parse_block(block, names, numeric, phase_index)
        table.extend(columns)
        phases.append(_phase_codes(texts, len(columns[0]), phase_codes))
        first = first or _timestamp(block.text, header)
        last = _timestamp(block.text[block.text.rfind(b"\n", 0, -1) + 1 :], header)
    columns_by_name = {names[index]: values for index, values in zip(numeric, table.columns(), strict=True)}
    emptied = _empty_impossible(columns_by_name)
    codes = np.concatenate(phases) if phases else np.empty(0, dtype=np.int16)
    return Run(source, columns_by_name, codes, tuple(phase_codes) or ("",), first, last, torn, emptied)


def _empty_impossible(columns: Mapping[str, Floats]) -> dict[str, int]:
    """Empty the cells that hold what is written for a reading that has failed: no memory, or more than there can be."""
    emptied = {}
    for name, values in columns.items():
        if name in _SIGNED:
            continue
        with np.errstate(invalid="ignore"):
            impossible = (values <= 0 if name in _NEVER_ZERO else values < 0) | (values > _ADDRESS_SPACE_BYTES)
        if impossible.any():
            values[impossible] = np.nan
            emptied[name] = int(impossible.sum())
    return emptied


class _Table:
    """Columns that grow by the block, by a quarter each time: a million rows are 8 MB a column, and not held twice."""

    def __init__(self, width: int) -> None:
        self._values = [np.empty(0) for _ in range(width)]
        self._rows = 0

    def extend(self, columns: list[Floats]) -> None:
        rows = self._rows + len(columns[0])
        for index, column in enumerate(columns):
            if rows > len(self._values[index]):
                self._values[index].resize(rows + rows // 4, refcheck=False)
            self._values[index][self._rows : rows] = column
        self._rows = rows

    def columns(self) -> list[Floats]:
        for values in self._values:
            values.resize(self._rows, refcheck=False)
        return self._values


def _parse_header(line: bytes, source: str) -> list[str]:
    if line.startswith(_COMPRESSED):
        raise ConfigError(f"{source} is compressed: unpack it first")
    text = line.decode("utf-8-sig", "replace").strip()
    header = [cell.strip('"') for cell in text.split(",")]
    names = [ALIASES.get(name, name) for name in header]
    wanted = "a header line with elapsed_sec and rss_bytes or a heap column"
    if not text:
        raise ConfigError(f"{source}, line 1, column 1: expected {wanted}, found nothing")
    if "elapsed_sec" not in names or not {"rss_bytes", "heap_allocated_bytes"} & set(names):
        raise ConfigError(f"{source}, line 1, column 1: expected {wanted}, found {text[:60]!r}")
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{source}, line 1, column {name}: expected each column once, found it twice")
    return header


def _blocks(stream: BinaryIO, source: str) -> Iterator[Block]:
    """Blocks of whole lines; what follows the last newline comes last, as a block of its own.

    Blank lines at the end of the file are none.
    """
    line = 2
    rest = b""
    while chunk := stream.read(_BLOCK_BYTES):
        chunk = rest + chunk
        # What is blank at a block's end may be in the middle of the file.
        cut = chunk.find(b"\n", len(chunk[: chunk.rfind(b"\n") + 1].rstrip(b"\r\n"))) + 1
        text, rest = (chunk[:cut], chunk[cut:]) if chunk[:cut].strip(b"\r\n") else (b"", chunk)
        if len(rest) > _LONGEST_LINE:
            raise ConfigError(f"{source}, line {line}, column 1: expected a row, found a line without an end")
        if text:
            yield Block(text.replace(b"\r\n", b"\n"), line, source)
            line += text.count(b"\n")
    if rest.strip(b"\r\n"):
        yield Block(rest, line, source)


def _phase_codes(texts: list[str], rows: int, codes: dict[str, int]) -> NDArray[np.int16]:
    if not texts:
        return np.full(rows, codes.setdefault("", len(codes)), dtype=np.int16)
    if texts.count(texts[0]) == len(texts):
        return np.full(rows, codes.setdefault(texts[0], len(codes)), dtype=np.int16)
    return np.array([codes.setdefault(text, len(codes)) for text in texts], dtype=np.int16)


def _timestamp(line: bytes, header: list[str]) -> str:
    if header[0] != "timestamp":
        return ""
    return line[: max(line.find(b","), 0)][:_LONGEST_TIMESTAMP].decode("utf-8", "replace").strip('"')
