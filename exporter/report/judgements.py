"""Judgements as text, JSON, Markdown and JUnit XML."""

import json
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from exporter.analysis.evidence import label_of
from exporter.analysis.judgement import LEAST_BOUND, Doubling, Drain, HarnessVerdict, Interval, Judgement, Kind
from exporter.record.column import Column
from exporter.record.columns import OPERATIONS, PAYMENTS
from exporter.record.terms import Verdict

_MIB = 1024 * 1024
_LABEL_WIDTH = 17

Judged = Sequence[tuple[str, Judgement]]  # a file's name and its judgement


def as_text(judged: Judged) -> str:
    """One paragraph per file."""
    return "\n\n".join(paragraph(name, judgement) for name, judgement in judged)


def paragraph(name: str, judgement: Judgement) -> str:
    """``name: verdict``, and below it everything that is known about it."""
    rows = [("growth", text) for text in _growths(judgement)]
    if judgement.warmup_sec is not None:
        rows.append(("warm-up", f"{judgement.warmup_sec / 60:,.1f} min" if judgement.warmup_sec else "none"))
    if judgement.missed_kib_per_min is not None:
        per_payment = judgement.missed_bytes_per_payment
        more = "" if per_payment is None else f", or {per_payment:,.0f} bytes per payment"
        rows.append(("could be missed", f"up to {max(judgement.missed_kib_per_min, LEAST_BOUND):,.1f} KiB/min{more}"))
    rows += [("doubling", doubling.reason) for doubling in shown_doublings(judgement)]
    if judgement.drain is not None:
        rows.append(("after trimming", drain_in_words(judgement.drain)))
    if judgement.harness is not None:
        rows.append(("the harness says", harness_in_words(judgement.harness)))
    rows += [("note", flag) for flag in judgement.flags]
    if judgement.would_decide:
        rows.append(("would decide", judgement.would_decide))
    told = [f"  {label:<{_LABEL_WIDTH}}{text}" for label, text in rows]
    return "\n".join([f"{name}: {judgement.verdict}", f"  {judgement.reason}", *told])


def _growths(judgement: Judgement) -> list[str]:
    """Each growth that is known; the first says of what."""
    growth = judgement.growth_kib_per_min
    told = [] if growth is None else [f"{in_words(growth)} KiB/min of {_what_grows(judgement)}"]
    per = judgement.growth_bytes_per
    return told + [f"{in_words(per[each.name])} bytes per {each.each}" for each in OPERATIONS if each.name in per]


def _what_grows(judgement: Judgement) -> str:
    series, kind = judgement.told_growth
    return label_of(series, settled=kind is Kind.SETTLED)


def in_words(growth: Interval) -> str:
    """An interval as text: ``+1,012.3 (+1,010.1 to +1,014.5)``."""
    return f"{growth.value:+,.1f} ({growth.low:+,.1f} to {growth.high:+,.1f})"


def shown_doublings(judgement: Judgement) -> list[Doubling]:
    """What of the doubling is worth telling: the heaps that leak by it, or else the whole heap, which comes first."""
    found = list(judgement.doubling.values())
    return [each for each in found if each.verdict is Verdict.LEAK] or found[:1]


def drain_in_words(drain: Drain) -> str:
    """What trimming returned and left, as text."""
    told = f"{max(drain.returned_bytes, 0.0) / _MIB:,.1f} MiB returned, {drain.left_bytes / _MIB:,.1f} MiB held"
    if drain.held_bytes is None:
        return told
    more = "more" if drain.held_bytes >= 0 else "less"
    return f"{told}, {abs(drain.held_bytes) / _MIB:,.1f} MiB {more} than at the start"


def harness_in_words(harness: HarnessVerdict) -> str:
    """What a harness says of its own run, and what of, as text."""
    line = f"{harness.growth_kib_per_min:+,.1f} KiB/min of resident memory, R² {harness.r_squared:.2f}"
    goroutines = "" if harness.goroutines is None else "; goroutines {} → {}".format(*harness.goroutines)
    return f"{harness.verdict} (its own rule: one line through all samples, {line}{goroutines})"


def as_json(judged: Judged) -> str:
    """An object with a list ``runs``: the file's name and every field of its judgement."""
    runs = [{"file": name, **judgement.as_dict()} for name, judgement in judged]
    return json.dumps({"runs": runs}, indent=2, allow_nan=False)


def as_markdown(judged: Judged) -> str:
    """A table with a row per file, and what was noticed below it; growth per operation that a run can tell."""
    operations = told_operations([judgement.growth_bytes_per for _, judgement in judged])
    head = ["run", "verdict", "growth, KiB/min", *(f"per {each.each}, bytes" for each in operations), "why"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, judgement in judged:
        cells = (
            name,
            f"**{judgement.verdict}**",
            _cell(judgement.growth_kib_per_min),
            *(_cell(judgement.growth_bytes_per.get(each.name)) for each in operations),
            judgement.reason,
        )
        lines.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
    notes = [f"- {escaped(name)}: {escaped(flag)}" for name, judgement in judged for flag in judgement.flags]
    notes += [
        f"- {escaped(name)}: the harness says: {escaped(harness_in_words(judgement.harness))}"
        for name, judgement in judged
        if judgement.harness is not None
    ]
    notes += [
        f"- {escaped(name)}: what would decide: {escaped(judgement.would_decide)}"
        for name, judgement in judged
        if judgement.would_decide
    ]
    return "\n".join([*lines, "", *notes] if notes else lines)


def told_operations(growths: Sequence[Mapping[str, Interval]]) -> list[Column]:
    """The operations that any of several runs tells growth per, as columns of one table; payments in any case."""
    told = {name for each in growths for name in each}
    return [column for column in OPERATIONS if column is PAYMENTS or column.name in told]


def _cell(growth: Interval | None) -> str:
    return "" if growth is None else in_words(growth)


def escaped(text: str) -> str:
    """Text as a cell of a Markdown table holds it."""
    flat = " ".join(text.split())
    for character in "\\|<`":
        flat = flat.replace(character, f"\\{character}")
    return flat


def as_junit(judged: Judged, fail_on: str) -> str:
    """A test suite with a case per file: a leak fails, an inconclusive run is skipped or fails with it."""
    suite = ElementTree.Element("testsuite", name="memory", tests=str(len(judged)))
    failures = skipped = 0
    for name, judgement in judged:
        case = ElementTree.SubElement(suite, "testcase", name=for_xml(name), classname="exporter.analyze")
        if fails(judgement.verdict, fail_on):
            failures += 1
            found = ElementTree.SubElement(case, "failure", message=f"{judgement.verdict}: {judgement.reason}")
            found.text = paragraph(for_xml(name), judgement)
        elif judgement.verdict is Verdict.INCONCLUSIVE:
            skipped += 1
            ElementTree.SubElement(case, "skipped", message=judgement.reason)
    suite.set("failures", str(failures))
    suite.set("skipped", str(skipped))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def fails(verdict: Verdict, fail_on: str) -> bool:
    """Whether a verdict is a failure under ``--fail-on leak|inconclusive|never``."""
    if fail_on == "never":
        return False
    return verdict is Verdict.LEAK or (verdict is Verdict.INCONCLUSIVE and fail_on == "inconclusive")


def for_xml(text: str) -> str:
    """Text without the control characters that XML 1.0 cannot hold."""
    return "".join(character if character.isprintable() else "�" for character in text)
