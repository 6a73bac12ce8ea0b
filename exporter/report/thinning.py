"""Fewer points for the same picture: every peak, every dip and every gap stays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxDownsampler

Floats = NDArray[np.float64]

_GAP_STEPS = 5.0
_GAP_SECONDS = 5.0
_MOST_GAPS = 100
_STEPS_LOOKED_AT = 10_000  # to find the usual one
_FEWEST_POINTS = 16
_EXTREMES = MinMaxDownsampler()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Line:
    """A series as drawn: ``y`` at ``t`` seconds, of shape (points,), NaN where the line is broken by a gap.

    ``samples`` is how many there were before thinning.
    """

    t: Floats
    y: Floats
    samples: int


def thin(t: Floats, y: Floats, most: int) -> Line:
    """Thin ``y`` at ``t`` (shapes (samples,), t strictly rising, y NaN where empty) to about ``most`` points.

    Samples between two equal ones go first, for the line through them is the same; if that is not enough, each of
    ``most / 2`` equal spans of time keeps its lowest and its highest sample.
    """
    known = ~np.isnan(y)
    if not known.all():
        t, y = t[known], y[known]
    samples = len(t)
    if samples < 3:
        return Line(t, y, samples)
    gaps = _gaps(t)
    kept = _corners(y, gaps)
    most = max(most - most % 2, _FEWEST_POINTS)
    if np.count_nonzero(kept) > most:
        kept[:] = False
        kept[_EXTREMES.downsample(t, y, n_out=most)] = True
        kept[[0, -1]] = True
        kept[gaps] = kept[gaps + 1] = True
    indices = np.flatnonzero(kept)
    breaks = np.searchsorted(indices, gaps, side="right")
    middle = (t[gaps] + t[gaps + 1]) / 2
    return Line(np.insert(t[indices], breaks, middle), np.insert(y[indices], breaks, np.nan), samples)


def _gaps(t: Floats) -> NDArray[np.intp]:
    """The last sample before each gap; the longest ones when there are very many."""
    steps = np.diff(t)
    usual = float(np.median(steps[:: len(steps) // _STEPS_LOOKED_AT + 1]))
    limit = max(_GAP_STEPS * usual, _GAP_SECONDS)
    gaps = np.flatnonzero(steps > limit)
    if len(gaps) > _MOST_GAPS:
        gaps = np.sort(gaps[np.argpartition(steps[gaps], -_MOST_GAPS)[-_MOST_GAPS:]])
    return gaps


def _corners(y: Floats, gaps: NDArray[np.intp]) -> NDArray[np.bool_]:
    """The samples that differ from the one before or from the one after, and the ends."""
    changes = y[1:] != y[:-1]
    kept = np.ones(len(y), dtype=np.bool_)
    kept[1:-1] = changes[:-1] | changes[1:]
    kept[gaps] = kept[gaps + 1] = True
    return kept
