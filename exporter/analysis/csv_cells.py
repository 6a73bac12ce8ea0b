"""CSV cells to numbers by the block: no loop over rows in Python unless a block holds something unusual.

A regular block (no quotes, the same number of cells in every line, plain decimal numbers) is read by gathering
digits column by column, which takes a fifth of the time of `numpy.loadtxt` and allows empty cells.
Everything else goes through the `csv` module, which also finds the cell that an error must name.
"""

import csv
import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exporter.errors import ConfigError

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Positions = NDArray[np.int32]

_COMMA, _NEWLINE, _DOT, _ZERO = b",\n.0"
_MOST_DIGITS = 15  # every integer of 15 digits is exact in a double


class _UnusualCellError(Exception):
    """A cell is no plain decimal number: the slow path has to look at it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file: ``text`` ends with a newline, ``first_line`` counts from 1."""

    text: bytes
    first_line: int
    source: str


def parse_block(
    block: Block, header: list[str], numeric: list[int], text: int | None
) -> tuple[list[Floats], list[str]]:
    """The numeric columns of a block (NaN where a cell is empty) and the cells of its one text column.

    Raises ConfigError naming file, line and column for a cell that is neither a number nor empty.
    """
    if b'"' not in block.text:
        buffer = np.frombuffer(block.text, dtype=np.uint8)
        ends = _cell_ends(buffer, len(header))
        if ends is not None:
            starts = _cell_starts(ends)
            try:
                columns = [_decimals(buffer, starts[index], ends[index]) for index in numeric]
            except _UnusualCellError:
                pass
            else:
                return columns, [] if text is None else _texts(block.text, starts[text], ends[text])
    return _parse_slowly(block, header, numeric, text)


def _cell_ends(buffer: Bytes, width: int) -> Positions | None:
    """Where each cell ends, shape (width, rows); None when a line has another number of cells."""
    ends = np.flatnonzero((buffer == _COMMA) | (buffer == _NEWLINE)).astype(np.int32)
    if len(ends) % width:
        return None
    table = np.ascontiguousarray(ends.reshape(-1, width).T)
    newlines = buffer[table] == _NEWLINE
    return table if newlines[-1].all() and not newlines[:-1].any() else None


def _cell_starts(ends: Positions) -> Positions:
    starts = np.empty_like(ends)
    starts[1:] = ends[:-1] + 1
    starts[0, 0] = 0
    starts[0, 1:] = ends[-1, :-1] + 1
    return starts


def _decimals(buffer: Bytes, start: Positions, end: Positions) -> Floats:
    width = end - start
    values = np.zeros(len(width))
    decimals: NDArray[np.int64] | None = None
    longest = int(width.max(initial=0))
    if longest > _MOST_DIGITS + 1:
        raise _UnusualCellError
    shortest = int(width.min(initial=0))
    for place in reversed(range(longest)):
        character = buffer[np.maximum(end - 1 - place, 0)]
        if place >= shortest:
            character = np.where(width > place, character, _ZERO)
        digit = character - _ZERO  # unsigned: anything below "0" wraps round and is above 9
        if (digit > 9).any():
            decimals = _note_dots(character, digit, place, decimals)
            values = np.where(character == _DOT, values, values * 10 + digit)
        else:
            values *= 10
            values += digit
    if decimals is not None:
        if ((width == 1) & (decimals == 0)).any():
            raise _UnusualCellError  # a dot alone
        values /= 10.0 ** np.maximum(decimals, 0)
    values[width == 0] = np.nan
    return values


def _note_dots(character: Bytes, digit: Bytes, place: int, decimals: NDArray[np.int64] | None) -> NDArray[np.int64]:
    dots = character == _DOT
    if decimals is None:
        decimals = np.full(len(character), -1)
    if ((digit > 9) & ~dots).any() or (dots & (decimals >= 0)).any():
        raise _UnusualCellError
    return np.where(dots, place, decimals)


def _texts(text: bytes, start: Positions, end: Positions) -> list[str]:
    """The cells of one column; runs of equal cells, the usual case, cost nothing."""
    first = text[start[0] : end[0]]
    width = len(first)
    if (end - start == width).all():
        buffer = np.frombuffer(text, dtype=np.uint8)
        if all((buffer[start + offset] == byte).all() for offset, byte in enumerate(first)):
            return [first.decode("utf-8", "replace")] * len(start)
    return [text[a:b].decode("utf-8", "replace") for a, b in zip(start.tolist(), end.tolist(), strict=True)]


def _parse_slowly(
    block: Block, header: list[str], numeric: list[int], text: int | None
) -> tuple[list[Floats], list[str]]:
    rows: list[list[float]] = []
    texts: list[str] = []
    reader = csv.reader(io.StringIO(block.text.decode("utf-8", "replace"), newline=""), strict=True)
    try:
        for cells in reader:
            where = f"{block.source}, line {block.first_line + reader.line_num - 1}"
            if "elapsed_sec" in cells:
                raise ConfigError(f"{where}: expected a row, found a header: put each run into a file of its own")
            if len(cells) != len(header):
                column = header[min(len(cells), len(header) - 1)]
                raise ConfigError(f"{where}, column {column}: expected {len(header)} cells, found {len(cells)}")
            rows.append([_number(cells[index], f"{where}, column {header[index]}") for index in numeric])
            if text is not None:
                texts.append(cells[text])
    except csv.Error as error:
        where = f"{block.source}, line {block.first_line + reader.line_num - 1}"
        raise ConfigError(f"{where}, column {header[0]}: expected comma-separated cells, found {error}") from error
    table = np.array(rows, dtype=np.float64).reshape(-1, len(numeric))
    return [table[:, index].copy() for index in range(len(numeric))], texts


def _number(cell: str, where: str) -> float:
    if not cell:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.inf
    if math.isinf(value) or "_" in cell or not cell.isascii():
        raise ConfigError(f"{where}: expected a number or an empty cell, found {cell[:40]!r}")
    return value
