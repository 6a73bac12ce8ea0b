"""Numbers as the report writes them, and what a judgement says in a sentence."""

from collections.abc import Sequence
from math import floor, isnan, log10

from exporter.analysis.judgement import LEAST_BOUND, Interval, Judgement
from exporter.record.column import Unit
from exporter.record.columns import BY_NAME
from exporter.record.terms import Verdict

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_STEPS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_LOPSIDED = 0.2
_SMALLEST_REACH = 0.005


def number(value: float, *, sign: bool = False) -> str:
    """Three digits that matter, thousands apart: 1,310, 38.2, 0.06; with a true minus sign."""
    size = abs(value)
    return _fixed(value, 0 if size >= 99.95 or size == int(size) else 1 if size >= 9.995 else 2, sign=sign)


def _fixed(value: float, digits: int, *, sign: bool = False) -> str:
    text = f"{abs(value):,.{digits}f}"
    if not text.strip("0.,"):
        return "0"
    return (_MINUS if value < 0 else "+" if sign else "") + text


def size(value: float, *, sign: bool = False) -> str:
    """Bytes in the unit that suits them: 54.4 MiB."""
    for name, step in _STEPS:
        if abs(value) >= step:
            return f"{number(value / step, sign=sign)} {name}"
    return f"{number(round(value), sign=sign)} B"


def amount(value: float | None, unit: Unit, *, sign: bool = False) -> str:
    """A value of a column, in words."""
    if value is None or isnan(value):
        return NOTHING
    return size(value, sign=sign) if unit is Unit.BYTES else number(value, sign=sign)


def interval(estimate: Interval, *, sign: bool = True) -> str:
    """An estimate with its 95 % interval: ``+1,310 ± 40``, or its ends where it is lopsided."""
    above, below = estimate.high - estimate.value, estimate.value - estimate.low
    reach = max(above, below)
    if reach < _SMALLEST_REACH:
        return number(estimate.value, sign=sign)
    # Two digits of what is uncertain; more would be noise.
    digits = min(max(1 - floor(log10(reach)), 0), 2)
    if abs(above - below) > _LOPSIDED * reach:
        low, high = (_fixed(end, digits, sign=sign) for end in (estimate.low, estimate.high))
        return f"{_fixed(estimate.value, digits, sign=sign)} ({low} to {high})"
    return f"{_fixed(estimate.value, digits, sign=sign)} ± {_fixed(reach, digits)}"


def clock(seconds: float) -> str:
    """Seconds as 45 s, 12 min 30 s or 1 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{number(seconds if seconds < 10 else whole)} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60:,} h {minutes % 60:02d} min" if minutes % 60 else f"{minutes // 60:,} h"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table as indented lines of text, its columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def title_of(column: str) -> str:
    """A column's title, for use within a sentence."""
    known = BY_NAME.get(column)
    if known is None or not known.title:
        return column
    return known.title if known.title.startswith(("SDK", "Go ")) else known.title.lower()


def headline(judgement: Judgement) -> str:
    """The verdict in one sentence."""
    if judgement.verdict is Verdict.LEAK:
        return f"Leak: {_growing(judgement)}"
    if judgement.verdict is Verdict.NO_LEAK:
        missed = judgement.missed_kib_per_min
        return "No leak" if missed is None else f"No leak above {number(max(missed, LEAST_BOUND))} KiB a minute"
    return "Inconclusive: neither a leak nor its absence was shown"


def _growing(judgement: Judgement) -> str:
    """What grows, and how fast, in the words of the series that decided."""
    decided = [
        part for part in judgement.parts if (part.series, part.evidence) == (judgement.series, judgement.evidence)
    ]
    growth = decided[0].growth_per_min if decided else judgement.growth_kib_per_min
    what = title_of(judgement.series) if judgement.series else "memory"
    verb = "grow" if what.endswith("s") else "grows"
    if growth is None:
        return f"{what} {verb}"
    decider = BY_NAME.get(judgement.series or "")
    unit = "" if decider and decider.unit is Unit.COUNT else " KiB"
    return f"{what} {verb} by {interval(growth, sign=False)}{unit} a minute"
