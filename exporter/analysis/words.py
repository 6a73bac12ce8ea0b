"""What a series shows, as parts of sentences."""

import numpy as np

from exporter.analysis.floors import Floors
from exporter.analysis.scales import Scale
from exporter.analysis.trend import Trend

_BARELY_GROWN = 0.1
_EVEN_CHANCE = 0.5


def growth_in_words(label: str, trend: Trend, scale: Scale) -> str:
    """How fast what is called so grows, with its interval."""
    growth = trend.growth
    verb = "grows" if growth.value >= 0 else "changes"
    return f"{label} {verb} by {growth.value:,.1f}{scale.unit} a minute ({growth.low:,.1f} to {growth.high:,.1f})"


def lasting_in_words(trend: Trend, scale: Scale) -> str:
    """How much of the growth is likely to last, where that is clearly less than all of it: beside a warm-up."""
    lasts = trend.others.upper_bound(_EVEN_CHANCE)
    return f", of which some {lasts:,.0f}{scale.unit} are likely to last" if lasts < trend.growth.low else ""


def filling_in_words(floors: Floors, scale: Scale) -> str:
    """What else than a leak it may be."""
    return f"warm-up or a cache filling: {cache_in_words(floors, scale.unit or ' entries')}"


def cache_in_words(floors: Floors, unit: str) -> str:
    """What a cache would have to be like that explains the growth; ``unit`` is the floors', with a space before it."""
    lowest = float(floors.y.min())
    grown = float(floors.y[-1]) - lowest
    since = float(floors.t[np.flatnonzero(floors.y <= lowest + _BARELY_GROWN * grown)[-1]])
    return f"one that has taken {grown:,.0f}{unit} since about minute {since:.0f} and is not full"


def too_little_in_words(label: str, samples: int, minutes: float) -> str:
    """Why nothing can be said."""
    if not samples:
        return f"there is no sample of {label} to judge by"
    told = f"{samples} sample{'s' if samples > 1 else ''} of {label}"
    return f"{told} over {minutes:.1f} min: too few, or too short a time, to judge"
