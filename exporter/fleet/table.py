"""What a matrix shows as text, Markdown, JSON and JUnit XML."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from xml.etree import ElementTree

import msgspec

from exporter.analysis.evidence import label_of
from exporter.analysis.judgement import Interval
from exporter.fleet.cells import Cell
from exporter.fleet.result import Result, end_in_words
from exporter.fleet.summary import SIGNIFICANT, Comparison, Row, Summary
from exporter.record.column import Column
from exporter.record.terms import Verdict
from exporter.report.judgements import escaped, fails, for_xml, told_operations
from exporter.report.wording import NOTHING, aligned, interval, number, size
from exporter.settings.verdict import FailOn

_MOST_COMPARED = 10


def as_text(summary: Summary) -> str:
    """The table, where it leaks, which drivers differ, and the verdict."""
    lines = ["", f"Matrix {summary.name}", *aligned(_table(summary)), ""]
    return "\n".join([*lines, summary.finding, *_compared(summary), "", f"Verdict: {summary.verdict}"])


def as_markdown(summary: Summary) -> str:
    """The same as a table of Markdown, as for a CI job's summary."""
    headings, *rows = _table(summary)
    lines = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    lines += ["| " + " | ".join(map(escaped, row)) + " |" for row in rows]
    said = [summary.finding, *_compared(summary)]
    return "\n".join(
        [f"**{summary.name}: {summary.verdict}**", "", *lines, "", *(f"- {escaped(each)}" for each in said)]
    )


def as_json(summary: Summary, results: Mapping[int, Result]) -> str:
    """Every field of the summary, and the result of every cell."""
    found = {**asdict(summary), "cells": list(results.values())}
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def as_junit(name: str, cells: Sequence[Cell], results: Mapping[int, Result], fail_on: FailOn) -> str:
    """A test case per cell: a leak fails, what ended otherwise is an error, the inconclusive are skipped."""
    suite = ElementTree.Element("testsuite", name=name, tests=str(len(cells)))
    counts = dict.fromkeys(("failure", "error", "skipped"), 0)
    for cell in cells:
        case = ElementTree.SubElement(suite, "testcase", name=for_xml(cell.label), classname=f"exporter.{name}")
        kind, message = _outcome(results.get(cell.number), fail_on)
        if kind:
            counts[kind] += 1
            ElementTree.SubElement(case, kind, message=for_xml(message))
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(attribute, str(counts[kind]))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _outcome(result: Result | None, fail_on: FailOn) -> tuple[str, str]:
    """What JUnit calls the end of a cell, empty for a test that has passed, and why."""
    if result is None:
        return "error", "it was not run"
    if not result.judged:
        return "error", f"{end_in_words(result.exit_code)}: {result.reason}"
    if result.verdict is None or fails(result.verdict, fail_on):
        return "failure", f"{result.verdict}: {result.reason}"
    return ("skipped" if result.verdict is Verdict.INCONCLUSIVE else "", result.reason)


def _table(summary: Summary) -> list[tuple[str, ...]]:
    """The headings and a row for each combination; growth per operation that a row can tell, and per payment always."""
    operations = told_operations([row.growth_bytes_per for row in summary.rows])
    headings = (
        *("driver", "scenario", "duration", "verdict", "runs", "KiB/min", "of"),
        *(f"bytes per {each.each}" for each in operations),
        *("peak", "payments", "failed"),
    )
    return [headings, *(_cells(row, operations) for row in summary.rows)]


def _cells(row: Row, operations: Sequence[Column]) -> tuple[str, ...]:
    series = label_of(row.growth_series, settled=False) if row.growth_kib_per_min else ""
    return (
        *(row.combination.driver, row.combination.scenario, row.combination.duration),
        str(row.verdict or NOTHING),
        _runs(row),
        *(_growth(row.growth_kib_per_min), series),
        *(_growth(row.growth_bytes_per.get(each.name)) for each in operations),
        NOTHING if row.peak_bytes is None else size(row.peak_bytes),
        *(number(row.payments), number(row.failures)),
    )


def _runs(row: Row) -> str:
    """How the runs of a row ended: ``2 leak, 1 subject died``."""
    counts = dict(row.verdicts)
    for code in row.failed.values():
        counts[end_in_words(code)] = counts.get(end_in_words(code), 0) + 1
    if row.missing:
        counts["not run"] = len(row.missing)
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _growth(growth: Interval | None) -> str:
    return NOTHING if growth is None else interval(growth)


def _compared(summary: Summary) -> list[str]:
    if not summary.comparisons:
        several = len({row.combination.driver for row in summary.rows}) > 1
        once = all(len(row.cells) == 1 for row in summary.rows)
        return ["Drivers are compared from two runs of each on: raise repetitions."] if several and once else []
    found = sorted((each for each in summary.comparisons if each.significant), key=lambda each: each.probability)
    if not found:
        return [f"No two drivers are shown to differ in growth, at a Holm-corrected p of {SIGNIFICANT}."]
    more = [f"So do {len(found) - _MOST_COMPARED} more pairs."] if len(found) > _MOST_COMPARED else []
    return [_sentence(each) for each in found[:_MOST_COMPARED]] + more


def _sentence(found: Comparison) -> str:
    probability = "p < 0.001" if found.probability < 0.001 else f"p = {found.probability:.3f}"
    return (
        f"{found.faster} grows {interval(found.difference_kib_per_min, sign=False)} KiB a minute faster than "
        f"{found.slower} in {label_of(found.growth_series, settled=False)}, under {found.scenario} over "
        f"{found.duration} (Holm-corrected {probability})."
    )
