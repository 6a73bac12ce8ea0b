"""The part of a run that can be judged: one subject, one clock, the load running."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.csv_cells import Floats
from exporter.analysis.series import Run
from exporter.record.terms import Phase

_COUNTERS = ("payments", "payment_failures", "reconnects")
_TRIED = ("payments", "payment_failures")
LOAD_PHASES = (Phase.RUNNING, "")  # a record without phases is all load
_GAP_STEPS = 20
_GAP_SECONDS = 60.0
_JUMP_SHARE = 0.25
_KEPT_PACE = 0.5  # of the usual pace of payments
_ENOUGH = 0.98  # of a length that is asked for
_EVEN_PACE = 0.05
_MOST_NOTES = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of a run that belong together: ``rows`` are their indices in the run, all else is of the same shape.

    ``work`` is a second clock: it advances with the payments made, as many minutes in all.
    ``settled`` says which were taken with the load at rest; ``notes`` are sentences about what was left out.
    """

    run: Run
    rows: NDArray[np.intp]
    minutes: Floats
    work: Floats
    settled: NDArray[np.bool_]
    notes: tuple[str, ...]

    @property
    def duration(self) -> float:
        """Minutes from the first row to the last."""
        return float(self.minutes[-1] - self.minutes[0]) if len(self.minutes) else 0.0

    @property
    def pace(self) -> float:
        """Payments a minute on average; NaN where none was made."""
        return self.pace_of("payments")

    def pace_of(self, counter: str) -> float:
        """How much a column that counts rose a minute on average; NaN where it did not."""
        counts = self.values(counter)
        risen = 0.0 if counts is None else float(np.nanmax(counts) - np.nanmin(counts))
        return risen / self.duration if risen and self.duration else np.nan

    @property
    def is_even(self) -> bool:
        """Whether payments keep so even a pace that both clocks tell the same."""
        return not len(self.minutes) or float(np.ptp(self.work - self.minutes)) <= _EVEN_PACE * self.duration

    @property
    def is_watched(self) -> bool:
        """Whether the record is of a watch: no instance was ever connected."""
        instances = self.run.columns.get("instances")
        return instances is not None and not (instances > 0).any()

    @property
    def is_foreign(self) -> bool:
        """Whether the record is of another harness: all of ours have a column of instances."""
        return "instances" not in self.run.columns

    @property
    def under_load(self) -> "Stretch":
        """The same, where nobody brings the subject to rest with all samples under load: only heaps are near rest."""
        return replace(self, settled=np.zeros_like(self.settled)) if self.is_watched else self

    def without_last(self, minutes: float) -> "Stretch":
        """The same as it was so many minutes before its end."""
        kept = self.minutes <= self.minutes[-1] - minutes
        return replace(
            self, rows=self.rows[kept], minutes=self.minutes[kept], work=self.work[kept], settled=self.settled[kept]
        )

    def lasts(self, minutes: float) -> bool:
        """Whether it is so long, give or take the time that passes before the first sample and after the last."""
        return self.duration >= _ENOUGH * minutes

    def values(self, name: str) -> Floats | None:
        """A column's values in these rows; None when there are none."""
        column = self.run.column(name)
        if column is None:
            return None
        values = _taken(column, self.rows)
        return None if np.isnan(values).all() else values

    def points(self, name: str, clock: Floats, *, settled: bool) -> tuple[Floats, Floats]:
        """Times by a clock (``minutes`` or ``work``) and values of a column, at rest or under load, no empty cells."""
        values = self.values(name)
        if values is None:
            return np.empty(0), np.empty(0)
        kept = (self.settled == settled) & ~np.isnan(values)
        return (clock, values) if kept.all() else (clock[kept], values[kept])


def longest_stretch(run: Run) -> Stretch:
    """The longest part between two restarts of the subject, with the clock's jumps taken out."""
    notes: list[str] = []
    rows = _rows_under_load(run)
    elapsed = _taken(run.columns["elapsed_sec"], rows)
    starts = restarts(run, rows)
    bounds = [0, *starts.tolist(), len(rows)]
    lengths = [_length(elapsed[a:b]) for a, b in pairwise(bounds)]
    longest = int(np.argmax(lengths))
    first, last = bounds[longest], bounds[longest + 1]
    if len(starts):
        times = ", ".join(f"{elapsed[start - 1] / 60:.1f}" for start in starts[:_MOST_NOTES].tolist())
        more = ", …" if len(starts) > len(starts[:_MOST_NOTES]) else ""
        notes.append(
            f"the subject restarted after minute {times}{more}: the longest stretch of {lengths[longest] / 60:.1f} min "
            "was judged"
        )
    rows, elapsed = rows[first:last], elapsed[first:last]
    minutes = _steady_clock(elapsed, _payments_tried(run, rows), notes) / 60
    if run.torn:
        notes.append("the file's last line is torn and was left out")
    notes += [
        f"{name} holds what can't be (0, below 0, or far too much) in {count} of the samples: counted as empty there"
        for name, count in run.emptied.items()
    ]
    settled = run.columns.get("settled")
    at_rest = _taken(settled, rows) > 0 if settled is not None else np.zeros(len(rows), dtype=np.bool_)
    return Stretch(run, rows, minutes, _work(run, rows, minutes), at_rest, tuple(notes))


def _taken(column: Floats, rows: NDArray[np.intp]) -> Floats:
    """A column's values in these rows: no copy where they follow on one another, as they nearly always do."""
    consecutive = len(rows) > 0 and rows[-1] - rows[0] == len(rows) - 1
    return column[rows[0] : rows[-1] + 1] if consecutive else column[rows]


def _work(run: Run, rows: NDArray[np.intp], minutes: Floats) -> Floats:
    """The clock of the work done; the plain one where no payments are counted."""
    payments = run.column("payments")
    if payments is None or len(rows) < 2:
        return minutes
    known = ~np.isnan(payments[rows])
    done = np.interp(minutes, minutes[known], payments[rows][known]) if known.any() else minutes
    made = float(done[-1] - done[0])
    return np.asarray(minutes[0] + (done - done[0]) * ((minutes[-1] - minutes[0]) / made)) if made > 0 else minutes


def _rows_under_load(run: Run) -> NDArray[np.intp]:
    kept = ~np.isnan(run.columns["elapsed_sec"]) & ~run.trimmed
    wanted = [code for code, name in enumerate(run.phase_names) if name in LOAD_PHASES]
    if wanted and len(wanted) < len(run.phase_names):
        kept &= np.isin(run.phases, wanted) | _at_rest_after_the_load(run)
    return np.flatnonzero(kept)


def _at_rest_after_the_load(run: Run) -> NDArray[np.bool_]:
    """Which samples were taken at rest with the load just over: as good as those at rest before.

    None of a load in phases, which ends with readings of its own, each after a payment.
    """
    settled = run.columns.get("settled")
    if settled is None or Phase.STOPPING not in run.phase_names or run.column("load_phase") is not None:
        return np.zeros(len(run), dtype=np.bool_)
    return np.asarray((settled > 0) & (run.phases == run.phase_names.index(Phase.STOPPING)))


def restarts(run: Run, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where among the rows a new subject begins: a counter that only rises has fallen, or restarts were counted."""
    fallen = np.zeros(max(len(rows) - 1, 0), dtype=np.bool_)
    counted = run.columns.get("restarts")
    if counted is not None:
        fallen |= np.abs(np.diff(_taken(counted, rows))) > 0
    for name in _COUNTERS:
        values = run.columns.get(name)
        if values is not None:
            kept = _taken(values, rows)
            if np.isnan(kept).any():
                known = np.flatnonzero(~np.isnan(kept))
                fallen[known[1:][np.diff(kept[known]) < 0] - 1] = True
            else:
                fallen |= kept[1:] < kept[:-1]
    return np.flatnonzero(fallen) + 1


def _length(elapsed: Floats) -> float:
    return float(np.maximum(np.diff(elapsed), 0).sum()) if len(elapsed) > 1 else 0.0


def _payments_tried(run: Run, rows: NDArray[np.intp]) -> list[Floats]:
    """How many payments were tried in each step between two rows, NaN where that is not known; by kind."""
    return [np.diff(values[rows]) for name in _TRIED if (values := run.column(name)) is not None]


def _steady_clock(elapsed: Floats, tried: list[Floats], notes: list[str]) -> Floats:
    """Elapsed seconds without jumps of the clock, and without gaps in which the load stood still as well.

    Each of those counts as one usual step. The clock has not jumped where payments kept pace with it.
    """
    if len(elapsed) < 3:
        return elapsed
    steps = np.diff(elapsed)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
    still, kept_pace = np.full(len(steps), bool(tried)), np.zeros(len(steps), dtype=np.bool_)
    for made in tried:
        known = made[~np.isnan(made)]
        usually_made = float(np.median(known)) if len(known) else np.nan
        still &= made <= usually_made
        kept_pace |= (usually_made > 0) & (made >= _KEPT_PACE * usually_made * steps / usual)
    long = (steps > _GAP_STEPS * usual) & (steps > _GAP_SECONDS)
    jumps = (steps < 0) | (long & (steps > _JUMP_SHARE * (elapsed.max() - elapsed.min())) & ~kept_pace)
    cut = long & still & ~jumps
    notes += [
        f"no sample was taken between minute {elapsed[index] / 60:.1f} and {elapsed[index + 1] / 60:.1f}"
        + (": cut out, as no payment was made either" if cut[index] else "")
        for index in np.flatnonzero(long & ~jumps)[:_MOST_NOTES]
    ]
    notes += [
        f"the clock jumped by {steps[index]:+.0f} s after minute {elapsed[index] / 60:.1f}: counted as one step"
        for index in np.flatnonzero(jumps)[:_MOST_NOTES]
    ]
    if not (jumps | cut).any():
        return elapsed
    steps[jumps | cut] = usual
    return np.asarray(elapsed[0] + np.concatenate(([0.0], np.cumsum(steps))))
