"""Floors: the low edge of a series in windows of time, where sawtooth and spikes do not reach."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from exporter.analysis.csv_cells import Floats

WINDOW_COUNTS = (60, 40, 30, 20, 12)
_LOW_SHARE = 0.05
_FEWEST_PER_WINDOW = 2
_MOST_SAMPLES = 20_000
_THINNED = 6_000
_ROUNDING = 1e-9  # of the span: a sample on an edge is on the same side of it wherever time begins


@dataclass(frozen=True, slots=True)
class Floors:
    """Points on a series' low edge: ``t`` in minutes, ``y`` in the series' unit, both of shape (points,)."""

    t: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.t)

    def after(self, minute: float) -> Self:
        """The points from a minute on."""
        kept = self.t >= minute - _ROUNDING * (self.t[-1] - self.t[0])
        return type(self)(self.t[kept], self.y[kept])


def thinned(t: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The series itself, or the minimum of each of 6,000 equal runs of samples when it is much longer than that."""
    if len(t) <= _MOST_SAMPLES:
        return t, y
    starts = np.linspace(0, len(t), _THINNED, endpoint=False).astype(np.intp)
    return t[starts], np.minimum.reduceat(y, starts)


def all_floors(t: Floats, y: Floats) -> list[Floors]:
    """Floors in 60, 40, 30, 20 and 12 windows, as far as two samples fall into a window; at least in 12.

    ``t`` in minutes, rising; ``y`` without NaN. Which count suits depends on the period of the sawtooth.
    """
    t, y = thinned(t, y)
    fewest = WINDOW_COUNTS[-1]
    return [_floors(t, y, count) for count in WINDOW_COUNTS if count == fewest or len(t) >= count * _FEWEST_PER_WINDOW]


def _floors(t: Floats, y: Floats, windows: int) -> Floors:
    """In each of so many equal windows: the mean time and the mean value of the lowest twentieth of its samples."""
    edges = np.linspace(t[0], t[-1], windows + 1)[1:-1]
    cuts = np.searchsorted(t, edges - _ROUNDING * (t[-1] - t[0]))
    bounds = np.concatenate(([0], cuts, [len(t)]))
    sizes = np.diff(bounds)
    filled = sizes > 0  # a window within a gap is none
    starts, sizes = bounds[:-1][filled], sizes[filled]
    counts = np.maximum(np.rint(sizes * _LOW_SHARE).astype(np.intp), 1)
    most = int(counts.max())
    places = np.arange(int(sizes.max()))
    indices = np.minimum(starts[:, None] + places, len(t) - 1)
    values = np.where(places < sizes[:, None], y[indices], np.inf)
    lowest = np.argpartition(values, most - 1, axis=1)[:, :most]
    if most > counts.min():
        order = np.argsort(np.take_along_axis(values, lowest, axis=1), axis=1)
        lowest = np.take_along_axis(lowest, order, axis=1)
    taken = np.arange(most) < counts[:, None]
    chosen = np.minimum(starts[:, None] + lowest, len(t) - 1)
    return Floors((t[chosen] * taken).sum(axis=1) / counts, (y[chosen] * taken).sum(axis=1) / counts)
