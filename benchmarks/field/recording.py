"""Runs made small enough to be kept: a row about every four seconds, compressed."""

import csv
import io
import lzma
from pathlib import Path

_APART_SEC = 3.5  # samples come every two seconds, and a little early or late


def keep(run: Path, directory: Path) -> Path:
    """Write the CSV ``run`` thinned into ``directory``, as NAME.csv.xz; the path of that file."""
    with run.open(encoding="utf-8", newline="") as stream:
        text = thinned(list(csv.reader(stream)))
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{run.stem}.csv.xz"
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    return path


def thinned(rows: list[list[str]]) -> str:
    """The CSV of the header, the first row, and every second one of those that come two seconds apart."""
    elapsed = rows[0].index("elapsed_sec")
    kept = rows[:2]
    for row in rows[2:]:
        if float(row[elapsed]) - float(kept[-1][elapsed]) >= _APART_SEC:
            kept.append(row)
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(kept)
    return written.getvalue()
