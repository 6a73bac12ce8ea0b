"""A run's verdict as the page shows it: a sentence, its evidence and the run's settings."""

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from exporter.analysis.judgement import Kind
from exporter.durations import format_duration
from exporter.record.column import Unit
from exporter.record.columns import FAILURES, OPERATIONS, PAYMENTS
from exporter.report.groups import RECONNECTS, SCENARIOS
from exporter.report.judgements import shown_doublings
from exporter.report.prepared import Prepared
from exporter.report.runs import printable
from exporter.report.tables import estimate
from exporter.report.wording import amount, clock, headline, interval, number, title_of

_READ = {Kind.SETTLED: "read with the load at rest", Kind.PASSIVE: "read under load"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name and unit, and a note of what it means."""

    name: str
    value: str
    unit: str
    note: str


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The verdict in words: ``kind`` is leak, no-leak or inconclusive; facts are pairs of name and value."""

    kind: str
    headline: str
    reason: str
    would_decide: str
    flags: tuple[str, ...]
    figures: list[Figure]
    facts: list[tuple[str, str]]


def verdict_view(run: Prepared) -> VerdictView:
    """Put a run's judgement in words."""
    judgement = run.judgement
    return VerdictView(
        str(judgement.verdict).replace(" ", "-"),
        headline(judgement),
        _sentence(judgement.reason),
        judgement.would_decide,
        tuple(_sentence(flag) for flag in judgement.flags),
        _figures(run),
        [*_facts(run), *((printable(name), printable(value)) for name, value in run.run.settings.items())],
    )


def _sentence(text: str) -> str:
    """Words of the analysis as a sentence of their own."""
    text = printable(text)
    for ending in (".", "!", "?"):
        if text.endswith(ending):
            text = text[:-1]
    # A column's name stays as it is.
    first = text.split(" ", 1)[0]
    start = text if "_" in first else text[:1].upper() + text[1:]
    return f"{start}." if text else ""


def _figures(run: Prepared) -> list[Figure]:
    judgement = run.judgement
    figures = []
    if judgement.growth_kib_per_min is not None:
        figures.append(Figure("Growth", interval(judgement.growth_kib_per_min), "KiB/min", f"of {_what(run)}"))
    for column in OPERATIONS:
        found = judgement.growth_bytes_per.get(column.name)
        if found is not None:
            value, _, unit = estimate(found, Unit.BYTES).rpartition(" ")
            figures.append(Figure(f"Per {column.each}", value, unit, "with a 95 % interval"))
    if judgement.missed_kib_per_min is not None:
        missed = number(judgement.missed_kib_per_min)
        per_payment = judgement.missed_bytes_per_payment
        more = "" if per_payment is None else f", {number(round(per_payment))} B per payment"
        figures.append(Figure("Could be missed", missed, "KiB/min", f"growth not excluded{more}"))
    if judgement.warmup_sec:
        figures.append(Figure("Warm-up", clock(judgement.warmup_sec), "", "until growth settled"))
    if judgement.drain is not None and judgement.drain.held_bytes is not None:
        value, _, unit = amount(judgement.drain.held_bytes, Unit.BYTES).rpartition(" ")
        figures.append(Figure("Held more", value, unit, "than at the start, after trimming"))
    if judgement.harness is not None:
        says = judgement.harness
        by = f"its own rule: {says.growth_kib_per_min:+,.1f} KiB/min, R² {says.r_squared:.2f}"
        figures.append(Figure("The harness says", says.verdict, "", by))
    if judgement.memory_limit_in_sec is not None:
        figures.append(Figure("Memory limit", clock(judgement.memory_limit_in_sec), "", "after the end, at this rate"))
    return [*figures, *_load_figures(run)]


def _what(run: Prepared) -> str:
    """What the judgement's growth is the growth of; descriptors and the like have no bytes of their own."""
    series, kind = run.judgement.told_growth
    return f"{title_of(series)}, {_READ[kind]}"


def _load_figures(run: Prepared) -> list[Figure]:
    found = []
    payments, failures = run.total(PAYMENTS), run.total(FAILURES)
    if payments is not None:
        failed = "" if failures is None else f"{number(failures)} failed"
        found.append(Figure("Payments", amount(payments, Unit.COUNT), "", failed))
    reconnects = run.total(RECONNECTS)
    if reconnects:
        found.append(Figure("Reconnects", amount(reconnects, Unit.COUNT), "", ""))
    found.append(Figure("Duration", clock(run.times.duration), "", f"{len(run.times.rows):,} samples"))
    return found


def _facts(run: Prepared) -> list[tuple[str, str]]:
    """What the series itself says about how the run was made."""
    series, times = run.run.series, run.times
    facts = [("File", printable(PurePath(series.name).name))]
    if series.first_timestamp:
        facts += [
            ("First sample", printable(series.first_timestamp)),
            ("Last sample", printable(series.last_timestamp)),
        ]
    if len(times.seconds) > 1:
        facts.append(("Sampled every", format_duration(round(float(np.median(np.diff(times.seconds))), 1))))
    settled = series.column("settled")
    if settled is not None:
        facts.append(("Samples at rest", number(float(np.nansum(settled)))))
    facts += [(column.title, number(total)) for column in SCENARIOS if (total := run.total(column))]
    facts += [("Doubling", _sentence(each.reason)) for each in shown_doublings(run.judgement)]
    if series.torn:
        facts.append(("Last line", "torn, left out"))
    return facts
