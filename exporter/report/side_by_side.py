"""Runs side by side: a row per run, and how each differs from the first."""

from collections.abc import Sequence

from exporter.analysis.compare import Comparison, Difference, compare
from exporter.analysis.evidence import label_of
from exporter.analysis.judgement import Interval, Judgement
from exporter.analysis.series import Run
from exporter.record.column import Column
from exporter.record.columns import HEAP, RESIDENT
from exporter.record.heap_columns import HEAPS
from exporter.report.judgements import in_words, told_operations
from exporter.report.wording import aligned

Named = tuple[str, Run | None, Judgement]

_MIB = 1024 * 1024
_HEADINGS = ("driver", "verdict", "payments", "RSS, MiB", "heap, MiB", "KiB/min")


def side_by_side(runs: Sequence[Named]) -> str:
    """A table of the runs, then the comparison of every other with the first."""
    operations = told_operations([judgement.growth_bytes_per for _, _, judgement in runs])
    headings = (*_HEADINGS, *(f"bytes per {each.each}" for each in operations))
    lines = ["", "Side by side", *aligned([headings, *(_row(*run, operations) for run in runs)])]
    (first_name, first, _), *others = runs
    for name, run, _ in others:
        if first is None or run is None:
            lines += ["", f"{name} can't be compared with {first_name}: a CSV can't be read"]
            continue
        comparison = compare(first, run)
        lines += ["", comparison_text(comparison), f"  {meaning(comparison)}"]
    return "\n".join(lines) + "\n"


def comparison_text(comparison: Comparison) -> str:
    """Whether B is worse than A, and a line per measure with the difference and its 95 % interval."""
    worse = "worse than" if comparison.worse else "not shown to be worse than"
    lines = [f"{comparison.b} is {worse} {comparison.a}"]
    for difference in comparison.differences:
        mark = "worse" if difference.worse else f"{difference.probability_worse:.0%} sure of worse"
        if not difference.lasts and difference.difference.low > difference.tolerance:
            mark = "more so far, which may be warm-up"
        lines.append(
            f"  {label_of(difference.series)}, {difference.measure}: "
            f"{difference.a.value:,.1f} → {difference.b.value:,.1f} {difference.unit}, "
            f"{in_words(difference.difference)}: {mark}"
        )
    return "\n".join(lines + [f"  {reason}" for reason in comparison.missing])


def meaning(comparison: Comparison) -> str:
    """Whose memory it is that differs, as far as the measures tell."""
    growing = {each.series for each in comparison.differences if each.worse and _is_growth(each)}
    if not growing:
        level = "higher, " if any(each.worse for each in comparison.differences) else ""
        compared = any(_is_growth(each) for each in comparison.differences)
        growth = "no difference in growth is shown" if compared else "too short to compare the growth"
        return f"In short: {level}{growth}"
    # Where memory grows says whose it is.
    for column in HEAPS.values():
        if column.name in growing:
            return f"In short: {comparison.b} grows faster in {column.whose}"
    if HEAP.name in growing:
        return f"In short: {comparison.b} grows faster in a heap that only one of the runs reports, or in several"
    return f"In short: {comparison.b} grows faster outside its heaps: memory that an allocator keeps, stacks, mappings"


def _is_growth(difference: Difference) -> bool:
    return difference.measure.startswith("growth")


def _row(name: str, run: Run | None, judgement: Judgement, operations: Sequence[Column]) -> tuple[str, ...]:
    columns = [_span(run, column) for column in (RESIDENT.name, HEAP.name)]
    per = [_growth(judgement.growth_bytes_per.get(each.name)) for each in operations]
    return (name, str(judgement.verdict), _payments(run), *columns, _growth(judgement.growth_kib_per_min), *per)


def _payments(run: Run | None) -> str:
    counts = None if run is None else run.column("payments")
    return "?" if counts is None else f"{counts[-1]:,.0f}"


def _span(run: Run | None, column: str) -> str:
    values = None if run is None else run.column(column)
    if run is None or values is None:
        return "?"
    seen = values[(values == values) & ~run.trimmed]  # an empty cell is NaN, which equals nothing
    return f"{seen[0] / _MIB:,.1f} → {seen[-1] / _MIB:,.1f}" if len(seen) else "?"


def _growth(growth: Interval | None) -> str:
    return "?" if growth is None else in_words(growth)
