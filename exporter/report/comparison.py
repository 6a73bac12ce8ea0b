"""The answer to why two runs were put side by side: which grows faster, by how much, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from exporter.analysis.judgement import Interval, Settings
from exporter.report.columns import HEAP, HEAP_PARTS, RESIDENT
from exporter.report.trends import Growth
from exporter.report.wording import interval, number

_MOST_OF = 0.8  # of the difference in resident memory, for a heap to be named its place


@dataclass(frozen=True, slots=True)
class Compared:
    """A run as far as the comparison goes: growth by column."""

    label: str
    growth: dict[str, Growth]


@dataclass(frozen=True, slots=True)
class Answer:
    """The comparison in a sentence, what it points to (or nothing), and the sentences that explain it."""

    sentence: str
    conclusion: str = ""
    details: tuple[str, ...] = ()


def difference(one: Interval, other: Interval) -> Interval:
    """How much more one grows than the other, with its 95 % interval; the two runs are independent."""
    value = one.value - other.value
    return Interval(
        value,
        value - hypot(one.value - one.low, other.high - other.value),
        value + hypot(one.high - one.value, other.value - other.low),
    )


def compare(runs: Sequence[Compared]) -> Answer | None:
    """Compare two runs, or the fastest and the slowest growing of several; None for a single run."""
    if len(runs) < 2:
        return None
    for column in (RESIDENT, HEAP):
        able = [run for run in runs if column.name in run.growth]
        if len(able) >= 2:
            ranked = sorted(able, key=lambda run: run.growth[column.name].per_minute.value, reverse=True)
            return _answer(ranked, column.name, column.title.lower(), left_out=len(runs) - len(able))
    return Answer(
        "These runs cannot be compared by their growth: at least two of them need the same column over five minutes."
    )


def _answer(ranked: list[Compared], column: str, title: str, left_out: int) -> Answer:
    fastest, slowest = ranked[0], ranked[-1]
    found = difference(fastest.growth[column].per_minute, slowest.growth[column].per_minute)
    if _is_shown(found):
        faster = f"{interval(found, sign=False)} KiB a minute faster than {_quoted(slowest)}"
        of_many = f" Of {len(ranked)} runs, these grow fastest and slowest." if len(ranked) > 2 else ""
        sentence = f"{_quoted(fastest)} grows {faster} in {title}.{of_many}"
    else:
        pair = f"{_quoted(fastest)} and {_quoted(slowest)}"
        sentence = f"No difference in growth is shown between {pair}: at most {_reach(found)} KiB a minute in {title}."
    conclusion, details = _places(fastest, slowest, found) if column == RESIDENT.name else ("", [])
    if left_out:
        details.append(f"{left_out} of the runs could not be compared: too short, or without {title}.")
    return Answer(sentence, conclusion, tuple(details))


def _places(fastest: Compared, slowest: Compared, resident: Interval) -> tuple[str, list[str]]:
    """Where the difference lies, as far as both runs have the same heaps: the conclusion, and what it rests on."""
    sentences: list[str] = []
    explained: list[str] = []
    for column in (HEAP, *HEAP_PARTS):
        if column.name not in fastest.growth or column.name not in slowest.growth:
            continue
        found = difference(fastest.growth[column.name].per_minute, slowest.growth[column.name].per_minute)
        if _is_shown(found):
            sentences.append(f"{column.title}: {interval(found)} KiB a minute for {_quoted(fastest)}.")
            if found.value >= _MOST_OF * resident.value:
                explained.append(column.title.lower())
        else:
            sentences.append(f"{column.title}: equal to within {_reach(found)} KiB a minute.")
    if not sentences or not _is_shown(resident):
        return "", sentences
    if explained:
        # The most particular heap names the place best.
        return f"The difference is in the {explained[-1].removesuffix(' in use')}.", sentences
    return "The difference is outside of these heaps: memory that the allocator keeps, threads or mappings.", sentences


def _is_shown(found: Interval) -> bool:
    return found.low > 0 and found.value >= Settings().threshold_kib_per_min


def _reach(found: Interval) -> str:
    return number(max(abs(found.low), abs(found.high)))


def _quoted(run: Compared) -> str:
    return f"“{run.label}”"
