"""The verdict on a run, from its series: what each shows, and the rules that combine them (docs/verdict-method.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from exporter.analysis.advice import would_decide
from exporter.analysis.doubling import doubling_of, with_phases
from exporter.analysis.drain import drain_of
from exporter.analysis.evidence import Evidence
from exporter.analysis.findings import Findings
from exporter.analysis.flags import (
    even_cache,
    file_pages,
    growing_part,
    growth_that_ended,
    growth_while_failing,
    limit_reached,
    seconds_to_limit,
)
from exporter.analysis.growth import growth_per_operation
from exporter.analysis.harness import harness_verdict
from exporter.analysis.judgement import HEAP, Doubling, Judgement, Kind, Settings
from exporter.analysis.load import check_load
from exporter.analysis.near_rest import memory_near_rest
from exporter.analysis.readings import Read, count_evidence, memory_at_rest, memory_under_load, resident_memory
from exporter.analysis.rules import Limits, combine
from exporter.analysis.series import Run
from exporter.analysis.stretch import Stretch, longest_stretch
from exporter.record.column import Series
from exporter.record.columns import of_series
from exporter.record.terms import Verdict

_HEAP_PARTS = of_series(Series.PART)
_COUNTS = sorted(of_series(Series.COUNT), key=lambda name: name != "sockets_close_wait")  # what says most comes first
_WHOLE_HEAP = ("heap_native_bytes", "heap_resident_bytes")  # columns that only a whole heap's owner can fill
_RESERVING_HEAP = "heap_jvm_bytes"


def judge(run: Run, settings: Settings | None = None) -> Judgement:
    """The verdict on a run; never raises for what a run can hold."""
    settings = settings or Settings()
    stretch = longest_stretch(run)
    load = check_load(stretch)
    drain = drain_of(stretch)
    doubling = doubling_of(stretch, (HEAP, *_HEAP_PARTS), settings)
    found = _with_phases(_gather(stretch, settings), doubling, stretch)
    decision = combine(found, drain, load, Limits.of(settings, stretch.duration))
    by = decision.by
    leak, undecided = decision.verdict is Verdict.LEAK, decision.verdict is Verdict.INCONCLUSIVE
    told = by.trend is not None or by.verdict is not Verdict.INCONCLUSIVE
    flags = [*decision.flags, *stretch.notes, load.note, file_pages(stretch)]
    if leak:
        heaps = found.parts_at_rest if by.settled else _of_each(_HEAP_PARTS, memory_under_load, stretch, settings)
        flags += [growing_part(by, heaps), growth_while_failing(stretch, by), even_cache(by, stretch)]
    seconds = seconds_to_limit(stretch, by, settings) if leak else None
    if seconds is not None:
        flags.append(limit_reached(stretch, seconds, settings))
    shown = by if by.series.endswith("_bytes") else found.resident
    if not leak and not decision.flags:
        flags.append(growth_that_ended(shown, decision.missed))
    return Judgement(
        verdict=decision.verdict,
        series=by.series if told else None,
        evidence=by.kind if told else Kind.NONE,
        growth_series=shown.series,
        growth_kib_per_min=shown.trend.growth if shown.trend else None,
        growth_bytes_per=growth_per_operation(stretch, shown),
        warmup_sec=None if by.trend is None or by.trend.warmup is None else by.trend.warmup * 60,
        missed_kib_per_min=decision.missed,
        missed_bytes_per_payment=_per_payment(decision.missed, stretch),
        reason=decision.reason,
        would_decide=would_decide(found, by, load, settings, in_phases=bool(doubling)) if undecided else "",
        flags=tuple(flag for flag in flags if flag),
        parts=tuple(part.summary() for part in found.all),
        memory_limit_in_sec=seconds,
        drain=drain,
        doubling=doubling,
        harness=harness_verdict(run),
        settings=settings,
    )


def _gather(stretch: Stretch, settings: Settings) -> Findings:
    watched = stretch.is_watched
    loaded = stretch.under_load
    read = memory_near_rest if watched else memory_at_rest
    heap_at_rest = read(stretch, HEAP, settings)
    return Findings(
        heap_at_rest=heap_at_rest,
        parts_at_rest=_of_each(_HEAP_PARTS, read, stretch, settings),
        heap=memory_under_load(loaded, HEAP, settings, early=heap_at_rest.trend is None),
        resident_at_rest=resident_memory(memory_at_rest, loaded, settings),
        resident=resident_memory(memory_under_load, loaded, settings),
        counts=_of_each(_COUNTS, count_evidence, loaded, settings),
        whole_heap=any(stretch.values(name) is not None for name in _WHOLE_HEAP),
        reserves=stretch.values(_RESERVING_HEAP) is not None,
        watched=watched,
        foreign=stretch.is_foreign,
    )


def _of_each(names: Sequence[str], read: Read, stretch: Stretch, settings: Settings) -> tuple[Evidence, ...]:
    """The evidence of those of the columns that there are."""
    return tuple(read(stretch, name, settings) for name in names if stretch.values(name) is not None)


def _per_payment(kib_per_min: float | None, stretch: Stretch) -> float | None:
    """The same in bytes per payment; None where no payment was made."""
    return None if kib_per_min is None or np.isnan(stretch.pace) else kib_per_min * 1024 / stretch.pace


def _with_phases(found: Findings, doubling: Mapping[str, Doubling], stretch: Stretch) -> Findings:
    """The same with the heaps at rest in the light of the load's phases."""
    at_rest, *parts = (
        with_phases(each, doubling.get(each.series), stretch) for each in (found.heap_at_rest, *found.parts_at_rest)
    )
    return replace(found, heap_at_rest=at_rest, parts_at_rest=tuple(parts))
