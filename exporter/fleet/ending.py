"""What the run of a cell has left: its samples judged, and the end of its log."""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.checked import printable
from exporter.errors import ConfigError
from exporter.fleet.cells import Cell
from exporter.fleet.result import Result
from exporter.fleet.workspace import CSV, LOG, VERDICT
from exporter.whole_files import write_whole

if TYPE_CHECKING:
    from exporter.analysis.judgement import Judgement
    from exporter.analysis.series import Run

_LOG_TAIL_BYTES = 16 * 1024
_BEFORE_REASONS = ("Error: ", "Failed  ")  # of `exporter run`, in front of what has ended it early


def result_of_run(place: Path, cell: Cell, plan: str, exit_code: int, why: str = "") -> Result:
    """Judge what is in the directory of a cell whose run has ended so; a million samples take a while.

    ``why`` is what is known of a run that failed. Raises OSError when the verdict can't be written.
    """
    from exporter.analysis.judgement import RESIDENT, RESIDENT_SERIES
    from exporter.report.judgements import as_json

    failed = why or _last_reason(place / LOG)
    try:
        run, judgement = judged(place, cell)
    except ConfigError as error:
        return Result(plan=plan, cell=cell.number, exit_code=exit_code, reason=failed or str(error))
    write_whole(place / VERDICT, as_json([(CSV, judgement)]) + "\n")
    resident = (part.growth_per_min for part in judgement.parts if part.series in RESIDENT_SERIES)
    return Result(
        plan=plan,
        cell=cell.number,
        exit_code=exit_code,
        verdict=judgement.verdict,
        reason=failed or judgement.reason,
        growth_series=judgement.growth_series,
        growth_kib_per_min=judgement.growth_kib_per_min,
        growth_bytes_per=dict(judgement.growth_bytes_per),
        resident_kib_per_min=next((growth for growth in resident if growth is not None), None),
        peak_bytes=_highest(run, RESIDENT),
        payments=_highest(run, "payments"),
        failures=_highest(run, "payment_failures"),
        first_timestamp=run.first_timestamp,
        last_timestamp=run.last_timestamp,
    )


def judged(place: Path, cell: Cell) -> "tuple[Run, Judgement]":
    """The samples in the directory of a cell, with the verdict on them. Raises ConfigError when there are none."""
    from exporter.analysis.judgement import Settings
    from exporter.analysis.series import read_csv
    from exporter.analysis.verdict import judge

    run = read_csv(place / CSV)
    return run, judge(run, Settings.from_threshold(cell.config.threshold_kib_per_min))


def _highest(run: "Run", column: str) -> int | None:
    values = run.column(column)
    return None if values is None else int(values[values == values].max())  # an empty cell is NaN, unlike itself


def _last_reason(log: Path) -> str:
    """What a run said last of why it failed; empty where it said nothing of the kind."""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - _LOG_TAIL_BYTES, 0))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    for line in reversed(lines):
        for mark in _BEFORE_REASONS:
            if line.startswith(mark):
                return printable(line.removeprefix(mark).strip())
    return ""
