"""The report that ends a run: levels, growth, payments, latency, events and the verdict, as text."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.analysis.parts import lines_at_rest
from exporter.durations import format_clock
from exporter.errors import ConfigError, ExporterError
from exporter.record.state import LoadCounters, SubjectState
from exporter.scenarios import LOAD_COUNTERS

if TYPE_CHECKING:
    from exporter.analysis.judgement import Judgement, Settings
    from exporter.analysis.series import Run

_MIB = 1024 * 1024
_QUANTILES = (0.5, 0.95, 0.99)
_LABEL_WIDTH = 14


def judge_csv(
    path: Path, settings: "Settings | None" = None, harness_csv: Path | None = None
) -> "tuple[Run | None, Judgement]":
    """Read a run's CSV and judge it; a CSV that can't be read is inconclusive, and says why.

    ``harness_csv`` is that of a harness which was watched: what it says stands beside the verdict.
    """
    # numpy comes in only now: the run itself must stay small.
    from exporter.analysis.judgement import Judgement
    from exporter.analysis.series import read_csv
    from exporter.analysis.verdict import judge
    from exporter.record.terms import Verdict

    try:
        series = read_csv(path)
    except ConfigError as error:
        verdict = Verdict.INCONCLUSIVE
        return None, Judgement(verdict=verdict, reason=str(error), would_decide="a CSV with samples")
    judgement = judge(series, settings)
    if harness_csv is not None:
        judgement = _beside_harness(judgement, harness_csv)
    return series, judgement


def _beside_harness(judgement: "Judgement", path: Path) -> "Judgement":
    from exporter.analysis.harness import harness_verdict
    from exporter.analysis.series import read_csv

    try:
        return replace(judgement, harness=harness_verdict(read_csv(path)))
    except ConfigError as error:
        return replace(judgement, flags=(*judgement.flags, f"what the harness says can't be told: {error}"))


def trend_report(series: "Run | None", judgement: "Judgement", state: SubjectState, error: ExporterError | None) -> str:
    """Return the report of one subject; ``error`` is what ended the run early, or made it worthless."""
    from exporter.report.judgements import paragraph

    lines = ["", f"Trend report: {state.sdk or state.driver} {state.sdk_version}".rstrip()]
    lines += _levels(series, state.load) if series is not None else []
    lines += _load(state.load)
    if state.csv_errors:
        lines.append(_row("Samples", f"{state.samples_written} written, {state.csv_errors} lost: see the log"))
    if state.csv_mishaps:
        lines.append(_row("CSV", f"{state.csv_mishaps} time(s) removed, renamed or cut by others: see the log"))
    if error is not None:
        lines.append(_row("Failed", str(error)))
    return "\n".join([*lines, "", paragraph("Verdict", judgement)])


def _levels(series: "Run", load: LoadCounters) -> list[str]:
    rows = []
    for label, column in (("RSS", "rss_bytes"), ("Heap", "heap_allocated_bytes")):
        values = series.column(column)
        if values is None:
            continue
        seen = values[(values == values) & ~series.trimmed]  # an empty cell is NaN, which equals nothing
        if len(seen):
            start, end, top = (float(value) / _MIB for value in (seen[0], seen[-1], seen.max()))
            rows.append(_row(label, f"{start:,.1f} MiB → {end:,.1f} MiB ({end - start:+,.1f}), at most {top:,.1f} MiB"))
    settled = series.column("settled")
    at_rest = 0 if settled is None else int(settled.sum())
    elapsed = float(series.columns["elapsed_sec"].max()) if len(series) else 0.0
    share = f" ({load.settle_seconds / elapsed:.1%} of the time)" if load.settle_seconds and elapsed else ""
    count = f"{len(series):,} sample{'' if len(series) == 1 else 's'}"
    samples = f"{format_clock(elapsed)}, {count}, {at_rest:,} of them at rest{share}"
    rows.insert(0, _row("Measured", samples))
    return rows + [_row("" if number else "Parts", text) for number, text in enumerate(lines_at_rest(series))]


def _load(load: LoadCounters) -> list[str]:
    rows = [_row("Payments", _payments(load))] if load.payments or load.failures else []
    for rail, histogram in load.latency_seconds.items():
        found = [(share, histogram.quantile(share)) for share in _QUANTILES]
        texts = [f"p{share * 100:.0f} {value * 1000:,.0f} ms" for share, value in found if value is not None]
        if texts:
            rows.append(_row("Latency", f"{rail} {', '.join(texts)}"))
    told = {
        counter.name.replace("_", " "): load.counts[counter.name] for counter in LOAD_COUNTERS if counter.told_at_end
    }
    done = {**told, "refunds": load.refunds}
    scenarios = {name: count for name, count in done.items() if count}
    if scenarios:
        rows.append(_row("Scenarios", _counts(scenarios)))
    if load.unexpected_successes.total():
        rows.append(_row("Not failed", f"{_counts(load.unexpected_successes)}: meant to fail, and did not"))
    if load.step_failures.total():
        rows.append(_row("Steps failed", _counts(load.step_failures)))
    if load.instance_heap_bytes is not None and load.instance_rss_bytes is not None:
        heap, rss = load.instance_heap_bytes / 1024, load.instance_rss_bytes / 1024
        rows.append(_row("Per instance", f"{heap:,.0f} KiB of heap, {rss:,.0f} KiB resident"))
    events = {event: count for event, count in load.sdk_events.items() if count}
    return [*rows, _row("Events", _counts(events))] if events else rows


def _payments(load: LoadCounters) -> str:
    # What a watched program's are is not known, only how many.
    made = f"{load.payments['any']:,}" if "any" in load.payments else _counts(load.payments)
    failures = f", {load.failures.total():,} failed"
    on_purpose = f", {load.expected_failures.total():,} failed on purpose" if load.expected_failures.total() else ""
    missed = f", {load.missed:,} missed their time" if load.missed else ""
    return made + failures + on_purpose + missed


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none"


def _row(label: str, text: str) -> str:
    return f"  {label:<{_LABEL_WIDTH}}{text}"
