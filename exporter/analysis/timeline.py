"""A run's clock for drawing: seconds and payments that only rise, and the marks along them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exporter.analysis.series import Run
from exporter.analysis.stretch import restarts

Floats = NDArray[np.float64]

# The page has milliseconds; samples closer than this are moved apart.
_TICK_SECONDS = 0.002
_CONNECTED_ANEW = ("reconnects", "abandoned_instances")  # counters of what is marked as a reconnect
_MOST_MARKS = 400
_MOST_PHASE_SPANS = 400


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """A phase from one second to another."""

    start: float
    end: float
    name: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where a run's samples lie.

    ``rows`` are the indices of the samples that have a time and were not taken with the allocator trimmed,
    ``seconds`` their times, strictly rising; both of shape (samples,). ``payments`` is the number of payments at each,
    strictly rising too so that it can serve as an axis (equal counts are spread over less than one payment), or None.
    Marks are seconds.
    """

    rows: NDArray[np.intp]
    seconds: Floats
    payments: Floats | None
    reconnects: Floats
    restarts: Floats
    phases: tuple[PhaseSpan, ...]

    @property
    def duration(self) -> float:
        """Seconds from the first sample to the last."""
        return float(self.seconds[-1] - self.seconds[0]) if len(self.seconds) else 0.0


def timeline(run: Run) -> Timeline:
    """Lay out a run's samples; where its clock or its counters start anew, they go on from where they were."""
    elapsed = run.columns["elapsed_sec"]
    rows = np.flatnonzero(~np.isnan(elapsed) & ~run.trimmed)
    seconds = _rising(elapsed[rows])
    payments = run.column("payments")
    done = None if payments is None else continued(payments[rows])
    axis = None
    if done is not None and len(done) and done[-1] > done[0]:
        axis = done + 0.5 * (seconds - seconds[0]) / (seconds[-1] - seconds[0])
    return Timeline(
        rows,
        seconds,
        axis,
        _reconnects(run, rows, seconds),
        _evenly(seconds[_restarted(run, rows)]),
        _phases(run, rows, seconds),
    )


def continued(counter: Floats) -> Floats:
    """A counter that never falls: after a reset it goes on from its last value; empty cells keep the one before."""
    empty = np.isnan(counter)
    if empty.all():
        return np.zeros_like(counter)
    if empty.any():
        latest = np.maximum.accumulate(np.where(empty, 0, np.arange(len(counter))))
        counter = counter[np.maximum(latest, np.argmin(empty))]
    steps = np.diff(counter)
    resets = steps < 0
    if not resets.any():
        return counter
    steps[resets] = counter[1:][resets]
    return np.asarray(counter[0] + np.concatenate(([0.0], np.cumsum(steps))))


def _rising(elapsed: Floats) -> Floats:
    steps = np.diff(elapsed)
    if (steps < 0).any():
        usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
        steps[steps < 0] = usual
        elapsed = elapsed[0] + np.concatenate(([0.0], np.cumsum(steps)))
    if (np.diff(elapsed) >= _TICK_SECONDS).all():
        return elapsed
    ticks = np.arange(len(elapsed)) * _TICK_SECONDS
    return np.asarray(np.maximum.accumulate(elapsed - ticks) + ticks)


def _restarted(run: Run, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Which samples are the first of a new subject, or of a run that went on in the same file."""
    set_back = np.flatnonzero(np.diff(run.columns["elapsed_sec"][rows]) < 0) + 1
    return np.union1d(restarts(run, rows), set_back)


def _reconnects(run: Run, rows: NDArray[np.intp], seconds: Floats) -> Floats:
    """When the wallets were connected anew, whether they had been disconnected first or not."""
    columns = [column for name in _CONNECTED_ANEW if (column := run.column(name)) is not None]
    risen = [np.flatnonzero(np.diff(continued(column[rows])) > 0) + 1 for column in columns]
    return _evenly(seconds[np.unique(np.concatenate(risen))]) if risen else np.empty(0)


def _evenly(times: Floats) -> Floats:
    """All the times, or so many of them that they can be told apart on a page."""
    return times if len(times) <= _MOST_MARKS else times[np.linspace(0, len(times) - 1, _MOST_MARKS).astype(np.intp)]


def _phases(run: Run, rows: NDArray[np.intp], seconds: Floats) -> tuple[PhaseSpan, ...]:
    """The phases in order, none when the run has only one; a change too many and the rest is one span."""
    codes = run.phases[rows]
    changes = np.flatnonzero(np.diff(codes)) + 1
    if not len(changes):
        return ()
    starts = np.concatenate(([0], changes))[:_MOST_PHASE_SPANS]
    edges = np.append(seconds[starts], seconds[-1])
    return tuple(
        PhaseSpan(float(edges[place]), float(edges[place + 1]), run.phase_names[codes[start]])
        for place, start in enumerate(starts.tolist())
    )
