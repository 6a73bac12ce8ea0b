"""The answer to why runs were put side by side: which grows faster, by how much, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.analysis.compare import Difference, compare
from exporter.record.columns import BY_NAME, HEAP, RESIDENT
from exporter.report.prepared import Prepared
from exporter.report.wording import interval, number

_MOST_OF = 0.8  # of the difference in resident memory, for a heap to be named its place


@dataclass(frozen=True, slots=True)
class Answer:
    """The comparison in a sentence, what it points to (or nothing), and the sentences that explain it."""

    sentence: str
    conclusion: str = ""
    details: tuple[str, ...] = ()


def compare_runs(runs: Sequence[Prepared]) -> Answer | None:
    """Compare two runs, or the slowest and the fastest growing of several; None for a single run."""
    if len(runs) < 2:
        return None
    for column in (RESIDENT, HEAP):
        able = [run for run in runs if column.name in run.growth]
        if len(able) >= 2:
            ranked = sorted(able, key=lambda run: run.growth[column.name].per_minute.value)
            found = _by_minute(ranked[0], ranked[-1])
            if column.name in found:
                return _answer(ranked, found, column.name, left_out=len(runs) - len(able))
    return Answer("These runs cannot be compared by their growth: two of them need the same column over five minutes.")


def _by_minute(slowest: Prepared, fastest: Prepared) -> dict[str, Difference]:
    """The differences in growth a minute, by column; at rest where both runs have it."""
    differences = compare(slowest.run.series, fastest.run.series).differences
    return {
        found.series: found for found in differences if found.unit == "KiB" and found.measure.endswith("per minute")
    }


def _answer(ranked: list[Prepared], found: dict[str, Difference], column: str, left_out: int) -> Answer:
    slowest, fastest = _quoted(ranked[0]), _quoted(ranked[-1])
    title = BY_NAME[column].title.lower()
    whole = found.pop(column)
    if whole.worse:
        rate = f"{interval(whole.difference, sign=False)} KiB a minute"
        sentence = f"{fastest} grows {rate} faster than {slowest} in {title}."
    else:
        sentence = (
            f"{fastest} is not shown to grow faster than {slowest}: by at most {_reach(whole)} KiB a minute in {title}."
        )
    details = [_part(part, fastest) for part in found.values()]
    if len(ranked) > 2:
        details.append(f"Of {len(ranked)} runs, {fastest} grows fastest and {slowest} slowest.")
    if left_out:
        details.append(f"{left_out} of the runs could not be compared: too short, or without {title}.")
    return Answer(sentence, _place(whole, found) if whole.worse else "", tuple(details))


def _part(part: Difference, fastest: str) -> str:
    title = BY_NAME[part.series].title
    if part.worse:
        return f"{title}: {interval(part.difference)} KiB a minute for {fastest}."
    return f"{title}: no difference above {_reach(part)} KiB a minute."


def _place(whole: Difference, parts: dict[str, Difference]) -> str:
    """Where the difference lies, as far as both runs have the same heaps."""
    explaining = [
        part for part in parts.values() if part.worse and part.difference.value >= _MOST_OF * whole.difference.value
    ]
    if explaining:
        # The most particular heap comes last, and names the place best.
        return f"The difference is in the {_heap(explaining[-1])}."
    elsewhere = "outside of these heaps: memory that the allocator keeps, threads or mappings"
    growing = [part for part in parts.values() if part.worse]
    if growing:
        share = growing[-1].difference.value / whole.difference.value
        return f"{share * 100:.0f} % of the difference is in the {_heap(growing[-1])}, the rest {elsewhere}."
    return f"The difference is {elsewhere}." if parts else ""


def _heap(part: Difference) -> str:
    return BY_NAME[part.series].title.lower().removesuffix(" in use")


def _reach(found: Difference) -> str:
    return number(max(abs(found.difference.low), abs(found.difference.high)))


def _quoted(run: Prepared) -> str:
    return f"“{run.label}”"
