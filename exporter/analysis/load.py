"""Whether the load went on: a run in which nobody paid says nothing about the memory that payments take."""

from dataclasses import dataclass

import numpy as np

from exporter.analysis.stretch import Stretch

_STALLED_MINUTES = 2.0
_STALLED_STEPS = 10
_STALLED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Load:
    """``note`` tells what was wrong with the load, empty if nothing was; ``idle`` forbids an acquittal.

    ``counted`` says whether it is known what the load did.
    """

    note: str = ""
    idle: bool = False
    counted: bool = True


def check_load(stretch: Stretch) -> Load:
    """Look for payments that never came or that stopped coming; a run without the column is taken as loaded."""
    payments = stretch.values("payments")
    if payments is None or len(payments) < 2:
        return Load(counted=False)
    known = ~np.isnan(payments)
    minutes, counts = stretch.minutes[known], payments[known]
    made = counts[-1] - counts[0]
    if made <= 0:
        return Load("no payment succeeded", idle=True)
    last = float(minutes[int(np.searchsorted(counts, counts[-1]))])
    silent = float(minutes[-1]) - last
    usual = (last - float(minutes[0])) / made
    if silent < max(_STALLED_MINUTES, _STALLED_STEPS * usual):
        return Load()
    note = f"payments stalled: none succeeded in the last {silent:.1f} min, since minute {last:.1f}"
    return Load(note, idle=silent > _STALLED_SHARE * stretch.duration)
