"""The verdict on a run, from its series: what each shows, and the rule that combines them (docs/verdict.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from exporter.analysis.doubling import doubling_of, weighed
from exporter.analysis.drain import bound_by_draining, drain_of, most_held
from exporter.analysis.evidence import (
    FEWEST_AT_REST,
    SHORTEST_AT_REST_MINUTES,
    SHORTEST_FOR_LEAK_MINUTES,
    Evidence,
    count_evidence,
    memory_at_rest,
    memory_under_load,
)
from exporter.analysis.flags import growing_part, growth_while_failing, limit_reached, seconds_to_limit
from exporter.analysis.growth import growth_per_operation
from exporter.analysis.judgement import Doubling, Drain, Interval, Judgement, SeriesEvidence, Settings, Verdict
from exporter.analysis.load import Load, check_load
from exporter.analysis.series import Run
from exporter.analysis.stretch import Stretch, longest_stretch
from exporter.record.column import Series
from exporter.record.columns import of_series

__all__ = ["Interval", "Judgement", "SeriesEvidence", "Settings", "Verdict", "judge"]

(HEAP,), (RESIDENT,) = of_series(Series.HEAP), of_series(Series.RESIDENT)
_HEAP_PARTS, _COUNTS = of_series(Series.PART), of_series(Series.COUNT)
_WHOLE_HEAP = ("heap_native_bytes", "heap_resident_bytes")  # columns that only a whole heap's owner can fill
_RESIDENT_ALLOWANCE = 4.0  # resident memory may stay that much less certain once the whole heap is acquitted


@dataclass(frozen=True, slots=True)
class _Found:
    """All evidence of a run, in the order in which it is believed."""

    heap_at_rest: Evidence
    parts_at_rest: tuple[Evidence, ...]
    heap: Evidence
    resident_at_rest: Evidence
    resident: Evidence
    counts: tuple[Evidence, ...]
    whole_heap: bool

    @property
    def memory(self) -> tuple[Evidence, ...]:
        return self.heap_at_rest, self.heap, self.resident_at_rest, self.resident

    @property
    def told(self) -> tuple[Evidence, ...]:
        return tuple(part for part in (*self.memory, *self.parts_at_rest, *self.counts) if part.samples)


@dataclass(frozen=True, slots=True)
class _Decision:
    verdict: Verdict
    by: Evidence
    reason: str
    missed: float | None = None
    flags: tuple[str, ...] = ()


def judge(run: Run, settings: Settings | None = None) -> Judgement:
    """The verdict on a run; never raises for what a run can hold."""
    settings = settings or Settings()
    stretch = longest_stretch(run)
    load = check_load(stretch)
    drain = drain_of(stretch)
    doubling = doubling_of(stretch, (HEAP, *_HEAP_PARTS), settings)
    found = _weigh(_gather(stretch, settings), doubling, stretch)
    decision = _combine(found, drain, load, settings)
    by = decision.by
    leak = decision.verdict is Verdict.LEAK
    told = by.trend is not None or by.verdict is not Verdict.INCONCLUSIVE
    flags = [*decision.flags, *stretch.notes]
    if load.note:
        flags.append(load.note)
    if leak:
        flags += [growing_part(stretch, by), growth_while_failing(stretch, by)]
    seconds = seconds_to_limit(stretch, by, settings) if leak else None
    if seconds is not None:
        flags.append(limit_reached(stretch, seconds, settings))
    shown = by if by.series.endswith("_bytes") else found.resident
    return Judgement(
        verdict=decision.verdict,
        series=by.series if told else None,
        evidence="none" if not told else "settled" if by.settled else "passive",
        growth_kib_per_min=shown.trend.growth if shown.trend else None,
        growth_bytes_per_payment=growth_per_operation(stretch, "payments", shown),
        growth_bytes_per_reconnect=growth_per_operation(stretch, "reconnects", shown),
        growth_bytes_per_instance=growth_per_operation(stretch, "abandoned_instances", shown),
        warmup_sec=by.trend.others.warmup * 60 if by.trend else None,
        missed_kib_per_min=decision.missed,
        reason=decision.reason,
        would_decide=_would_decide(found, by, load, settings, in_phases=bool(doubling))
        if decision.verdict is Verdict.INCONCLUSIVE
        else "",
        flags=tuple(flag for flag in flags if flag),
        parts=tuple(part.summary() for part in found.told),
        memory_limit_in_sec=seconds,
        drain=drain,
        doubling=doubling,
    )


def _gather(stretch: Stretch, settings: Settings) -> _Found:
    return _Found(
        heap_at_rest=memory_at_rest(stretch, HEAP, settings),
        parts_at_rest=tuple(
            memory_at_rest(stretch, name, settings) for name in _HEAP_PARTS if stretch.values(name) is not None
        ),
        heap=memory_under_load(stretch, HEAP, settings),
        resident_at_rest=memory_at_rest(stretch, RESIDENT, settings),
        resident=memory_under_load(stretch, RESIDENT, settings),
        counts=tuple(count_evidence(stretch, name, settings) for name in _COUNTS if stretch.values(name) is not None),
        whole_heap=any(stretch.values(name) is not None for name in _WHOLE_HEAP),
    )


def _weigh(found: _Found, doubling: Mapping[str, Doubling], stretch: Stretch) -> _Found:
    """The same with the heaps at rest in the light of the load's phases."""
    at_rest, *parts = (
        weighed(each, doubling.get(each.series), stretch) for each in (found.heap_at_rest, *found.parts_at_rest)
    )
    return replace(found, heap_at_rest=at_rest, parts_at_rest=tuple(parts))


def _combine(found: _Found, drain: Drain | None, load: Load, settings: Settings) -> _Decision:
    # A part says more than the sum.
    leaks_at_rest = [part for part in found.parts_at_rest if part.verdict is Verdict.LEAK]
    if found.heap_at_rest.verdict is Verdict.LEAK:
        leaks_at_rest = leaks_at_rest or [found.heap_at_rest]
    if leaks_at_rest:
        surest = max(leaks_at_rest, key=_certainty)
        return _Decision(Verdict.LEAK, surest, surest.reason)
    heaps = (found.heap_at_rest,) if found.heap_at_rest.growing else (found.heap_at_rest, found.heap)
    heap = next((part for part in heaps if part.verdict is Verdict.NO_LEAK), None)
    if found.heap.verdict is Verdict.LEAK and heap is None:
        return _Decision(Verdict.LEAK, found.heap, found.heap.reason)
    count_leak = next((part for part in found.counts if part.verdict is Verdict.LEAK), None)
    if found.resident.verdict is Verdict.LEAK and not count_leak:
        held = bound_by_draining(drain)
        if held is not None and held < settings.acquit_kib_per_min:
            return _returned(found, heap, drain, held, load, settings)
        if heap and found.whole_heap:
            return _retention(found.resident, heap)
        return _Decision(Verdict.LEAK, found.resident, found.resident.reason)
    if count_leak:
        return _Decision(Verdict.LEAK, count_leak, count_leak.reason)
    return _acquit(found, heap, drain, load, settings)


def _certainty(leak: Evidence) -> float:
    return leak.trend.low / leak.trend.growth.value if leak.trend else 0.0


def _retention(resident: Evidence, heap: Evidence) -> _Decision:
    reason = f"{resident.reason}; but {heap.reason}"
    flag = (
        "allocator retention: memory is freed and kept by the allocator, or mapped outside of the heaps that are read"
    )
    return _Decision(Verdict.INCONCLUSIVE, resident, reason, flags=(flag,))


def _returned(
    found: _Found, heap: Evidence | None, drain: Drain | None, held: float, load: Load, settings: Settings
) -> _Decision:
    resident = replace(found.resident, verdict=Verdict.NO_LEAK, missed=held)
    decision = _acquit(replace(found, resident=resident), heap, drain, load, settings)
    return replace(decision, flags=(f"allocator retention: {found.resident.reason}; but trimming returned it",))


def _acquit(found: _Found, heap: Evidence | None, drain: Drain | None, load: Load, settings: Settings) -> _Decision:
    heap_known = bool(found.heap.samples or found.heap_at_rest.samples)
    undecided = next((part for part in found.memory if part.samples and part.verdict is Verdict.INCONCLUSIVE), None)
    if heap_known and heap is None:
        by = found.heap_at_rest if found.heap_at_rest.trend else found.heap if found.heap.trend else found.resident
        return _Decision(Verdict.INCONCLUSIVE, by, by.reason, by.missed)
    resident = min((found.resident_at_rest, found.resident), key=_resident_bound)
    most = settings.acquit_kib_per_min
    flags: tuple[str, ...] = ()
    if heap and found.whole_heap:
        most *= _RESIDENT_ALLOWANCE
        held = most_held(drain)
        if held is not None and held < _resident_bound(resident):
            resident = replace(resident, missed=held)
            flags = ("the bound of resident memory is what it held after trimming, its warm-up included",)
    bound = _resident_bound(resident)
    if found.resident.samples + found.resident_at_rest.samples and bound >= most:
        by = resident if resident.trend else undecided or found.resident
        return _Decision(Verdict.INCONCLUSIVE, by, by.reason, by.missed)
    acquitting = [part for part in (heap, resident) if part is not None and part.missed is not None]
    if not acquitting:
        return _Decision(Verdict.INCONCLUSIVE, found.resident, found.resident.reason)
    by = max(acquitting, key=_resident_bound)
    if load.idle:
        return _Decision(Verdict.INCONCLUSIVE, by, f"{load.note}, so {by.reason} says nothing of payments", by.missed)
    reason = "; ".join(part.bound_in_words() for part in acquitting)
    return _Decision(Verdict.NO_LEAK, by, reason, by.missed, flags)


def _resident_bound(part: Evidence) -> float:
    return float("inf") if part.missed is None else part.missed


def _would_decide(found: _Found, by: Evidence, load: Load, settings: Settings, in_phases: bool) -> str:
    if load.idle:
        return "a run in which payments succeed throughout"
    ways = [_longer(by, settings)]
    at_rest = found.heap_at_rest
    if not at_rest.samples:
        ways.append("a settled sample every 20 payments")
    elif at_rest.trend is None:
        least = f"{FEWEST_AT_REST} samples at rest over {SHORTEST_AT_REST_MINUTES:.0f} min or more"
        ways.append(f"{least} (there are {at_rest.samples} over {at_rest.minutes:.1f} min)")
    elif at_rest.verdict is Verdict.INCONCLUSIVE and not in_phases:
        ways.append("a run with --protocol doubling")
    if not found.heap.samples and not found.heap_at_rest.samples:
        ways.append("a subject that reports its heap")
    return ", or ".join(way for way in ways if way)


def _longer(by: Evidence, settings: Settings) -> str:
    """How much longer the run would have to be, as far as that can be told: errors of a slope fall as time^-1.5."""
    if by.trend is None or (by.minutes < SHORTEST_FOR_LEAK_MINUTES and not by.settled):
        return f"another {max(SHORTEST_FOR_LEAK_MINUTES - by.minutes, 1):.0f} min"
    growth = by.trend.growth.value
    reach = (by.missed or by.trend.high) - growth
    room = settings.acquit_kib_per_min - growth if growth < settings.acquit_kib_per_min / 2 else growth
    factor = min(max(reach / room, 1.5) ** (2 / 3), 10.0) if room > 0 else 2.0
    return f"another {by.minutes * (factor - 1):.0f} min"
