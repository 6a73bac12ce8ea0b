"""How a run's evidence is combined: an ordered table of rules, of which the first that applies decides.

``python -m exporter.analysis.rules`` prints the table as the list that docs/verdict-method.md holds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from exporter.analysis.demands import SEQUENTIAL_LONG, meets
from exporter.analysis.drain import most_held
from exporter.analysis.evidence import Evidence
from exporter.analysis.findings import Findings
from exporter.analysis.judgement import Drain, Settings
from exporter.analysis.load import Load
from exporter.record.terms import Verdict

_RESIDENT_ALLOWANCE = 4.0  # resident memory may stay that much less certain once the whole heap is acquitted
_RETENTION = (
    "allocator retention: memory is freed and kept by the allocator, or mapped outside of the heaps that are read"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The growth in KiB/min that resident memory must exclude, by itself and where the whole heap acquits.

    ``threshold`` is the growth above which a leak is one.
    """

    alone: float
    beside_heap: float
    threshold: float

    @classmethod
    def of(cls, settings: Settings, minutes: float) -> Self:
        beside_heap = _RESIDENT_ALLOWANCE * settings.acquit_at_rest(minutes)
        return cls(settings.acquit_kib_per_min, beside_heap, settings.threshold_kib_per_min)


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules are asked about.

    ``heap`` is the evidence that acquits the heap, None if nothing does. ``resident`` is resident memory in the light
    of trimming, and ``trimming`` what that has changed, as a flag.
    """

    findings: Findings
    load: Load
    limits: Limits
    heap: Evidence | None
    resident: Evidence
    trimming: str

    @property
    def whole_heap_acquits(self) -> bool:
        return self.heap is not None and self.findings.whole_heap

    @property
    def acquitting(self) -> tuple[Evidence, ...]:
        return tuple(part for part in (self.heap, self.resident) if part is not None and part.missed is not None)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, the evidence that it rests on, and the largest growth that could have been missed."""

    verdict: Verdict
    by: Evidence
    reason: str
    missed: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: what it says, and what it decides, None where it does not apply."""

    words: str
    decide: Callable[[Case], Decision | None]


def combine(findings: Findings, drain: Drain | None, load: Load, limits: Limits) -> Decision:
    """The decision of the first rule that applies; the last one always does."""
    case = case_of(findings, drain, load, limits)
    return next(decision for rule in RULES if (decision := rule.decide(case)) is not None)


def case_of(findings: Findings, drain: Drain | None, load: Load, limits: Limits) -> Case:
    """What the rules are asked about: the findings, with what acquits the heap and what trimming says."""
    heaps = (findings.heap_at_rest,) if findings.heap_at_rest.growing else (findings.heap_at_rest, findings.heap)
    heap = next((part for part in heaps if part.verdict is Verdict.NO_LEAK), None)
    return Case(findings, load, limits, heap, *_after_trimming(findings, heap, drain, limits.alone))


def rules_in_words() -> str:
    """The table as a numbered list."""
    return "\n".join(f"{number}. {rule.words}" for number, rule in enumerate(RULES, 1))


def _after_trimming(
    findings: Findings, heap: Evidence | None, drain: Drain | None, acquit: float
) -> tuple[Evidence, str]:
    """Resident memory at rest or under load, whichever leaves less room, bounded by what was held after trimming."""
    resident, held = findings.resident, most_held(drain)
    leaks = resident.verdict is Verdict.LEAK
    flag = (
        "the bound of resident memory is what it held after trimming, its warm-up included: what it grew by beyond "
        "that was returned"
    )
    if leaks:
        refuted = drain is not None and drain.returned_most and held is not None and held < acquit
        if not refuted:
            return resident, ""
        flag = f"allocator retention: {resident.reason}; but trimming returned it"
        resident = replace(resident, verdict=Verdict.NO_LEAK, missed=held)
    surer = min((findings.resident_at_rest, resident), key=_bound)
    if leaks:
        return surer, flag
    if heap and findings.whole_heap and held is not None and held < _bound(surer):
        return replace(surer, missed=held), flag
    return surer, ""


def _heap_at_rest_leaks(case: Case) -> Decision | None:
    findings = case.findings
    whole = findings.heap_at_rest if findings.heap_at_rest.verdict is Verdict.LEAK else None
    parts = [part for part in findings.parts_at_rest if part.verdict is Verdict.LEAK]
    surest = max((part for part in parts if not _moved(part, findings.heap_at_rest)), key=_certainty, default=whole)
    if surest is None:
        return None
    return _leak(whole if whole and _grows_by_more(whole, surest) else surest)


def _heap_leaks(case: Case) -> Decision | None:
    leaks = case.findings.heap.verdict is Verdict.LEAK and case.heap is None
    return _leak(case.findings.heap) if leaks else None


def _count_leaks(case: Case) -> Decision | None:
    count = next((part for part in case.findings.counts if part.verdict is Verdict.LEAK), None)
    return _leak(count) if count else None


def _allocator_keeps_it(case: Case) -> Decision | None:
    resident, heap = case.resident, case.heap
    if resident.verdict is not Verdict.LEAK or heap is None or not case.findings.whole_heap:
        return None
    return Decision(Verdict.INCONCLUSIVE, resident, f"{resident.reason}; but {heap.reason}", flags=(_RETENTION,))


def _reserve_is_filled(case: Case) -> Decision | None:
    resident = case.resident
    if resident.verdict is not Verdict.LEAK or not case.findings.reserves:
        return None
    reason = f"{resident.reason}; but a JVM fills the memory that it has reserved bit by bit, with garbage too"
    return Decision(Verdict.INCONCLUSIVE, resident, reason)


def _heap_shows_no_leak(case: Case) -> Decision | None:
    resident, trend = case.resident, case.resident.trend
    if resident.verdict is not Verdict.LEAK or trend is None or not case.findings.whole_heap:
        return None
    if any(meets(trend, demand, case.limits.threshold) for demand in SEQUENTIAL_LONG):
        return None
    return _undecided(case, resident, f"{resident.reason}; but the whole heap shows none")


def _resident_leaks(case: Case) -> Decision | None:
    return _leak(case.resident) if case.resident.verdict is Verdict.LEAK else None


def _heap_is_undecided(case: Case) -> Decision | None:
    heaps = case.findings.heap_at_rest, case.findings.heap
    if case.heap is not None or not any(part.samples for part in heaps):
        return None
    by = next((part for part in heaps if part.trend), case.findings.resident)
    return _undecided(case, by)


def _resident_is_undecided(case: Case) -> Decision | None:
    findings, resident = case.findings, case.resident
    most = case.limits.beside_heap if case.whole_heap_acquits else case.limits.alone
    if not findings.resident.samples + findings.resident_at_rest.samples or _bound(resident) < most:
        return None
    open_ones = (part for part in findings.memory if part.samples and part.verdict is Verdict.INCONCLUSIVE)
    return _undecided(case, resident if resident.trend else next(open_ones, findings.resident))


def _nothing_is_bounded(case: Case) -> Decision | None:
    return None if case.acquitting else _undecided(case, case.findings.resident)


def _count_is_undecided(case: Case) -> Decision | None:
    count = next((part for part in case.findings.counts if part.growing), None)
    return _undecided(case, count) if count else None


def _nobody_paid(case: Case) -> Decision | None:
    if not case.load.idle:
        return None
    by = max(case.acquitting, key=_bound)
    return _undecided(case, by, f"{case.load.note}; that {by.reason} says nothing of payments")


def _all_is_bounded(case: Case) -> Decision | None:
    by = max(case.acquitting, key=_bound)
    reason = "; ".join(part.bound_in_words() for part in case.acquitting)
    return Decision(Verdict.NO_LEAK, by, reason, by.missed, _flags(case))


def _leak(by: Evidence) -> Decision:
    return Decision(Verdict.LEAK, by, by.reason)


def _undecided(case: Case, by: Evidence, reason: str = "") -> Decision:
    return Decision(Verdict.INCONCLUSIVE, by, reason or by.reason, by.missed, _flags(case))


def _flags(case: Case) -> tuple[str, ...]:
    return (case.trimming,) if case.trimming else ()


def _grows_by_more(whole: Evidence, part: Evidence) -> bool:
    """Whether a sum is shown to grow by more than one of its parts: then the part's growth is not all of it."""
    return whole.trend is not None and part.trend is not None and whole.trend.growth.low > part.trend.growth.high


def _moved(part: Evidence, whole: Evidence) -> bool:
    """Whether the sum excludes that it grows as a part does: then memory has moved there from another part."""
    return whole.trend is not None and part.trend is not None and whole.trend.growth.high < part.trend.growth.low


def _certainty(leak: Evidence) -> float:
    return leak.trend.low / leak.trend.growth.value if leak.trend else 0.0


def _bound(part: Evidence) -> float:
    return float("inf") if part.missed is None else part.missed


RULES = (
    Rule(
        "**Leak** if any of the subject's heaps at rest is one that the sum does not exclude, or else their sum. The "
        "surest of them decides, or the sum if that is shown to be a leak and to grow by more.",
        _heap_at_rest_leaks,
    ),
    Rule("**Leak** if the heap under load is one, unless the heap at rest acquits it.", _heap_leaks),
    Rule(
        "**Leak** if sockets in CLOSE_WAIT, descriptors, threads or goroutines are: above 0.1 a minute and 10 in all.",
        _count_leaks,
    ),
    Rule(
        "**Inconclusive** if resident memory under load is a leak that trimming did not return, and the *whole* heap "
        "(one with a native part) acquits. Then memory is freed but kept by the allocator, or mapped outside of the "
        "heaps: flagged *allocator retention*. A managed heap alone (Go's) acquits nobody of a native leak.",
        _allocator_keeps_it,
    ),
    Rule(
        "**Inconclusive** if resident memory under load is a leak of a program whose JVM heap is known: a JVM fills "
        "the memory that it has reserved bit by bit, with garbage too.",
        _reserve_is_filled,
    ),
    Rule(
        "**Inconclusive** if resident memory under load is a leak, but by less than a run that is looked at again and "
        "again has to show, and a whole heap is read, which shows none: to look at both must not add false alarms.",
        _heap_shows_no_leak,
    ),
    Rule("**Leak** if resident memory under load is one that trimming did not return.", _resident_leaks),
    Rule(
        "**Inconclusive** if there is a heap that nothing acquits. The heap at rest acquits, or the heap under load "
        "while the one at rest shows no growth.",
        _heap_is_undecided,
    ),
    Rule(
        "**Inconclusive** if resident memory, at rest or under load or as bounded by trimming, leaves room for growth "
        "above 50 KiB/min; where the whole heap acquits, four times what the heap at rest has to exclude.",
        _resident_is_undecided,
    ),
    Rule("**Inconclusive** if no series has a bound.", _nothing_is_bounded),
    Rule(
        "**Inconclusive** if a count is shown to grow, by 10 in all, though it is too early to call that a leak. "
        "Memory acquits no descriptors.",
        _count_is_undecided,
    ),
    Rule("**Inconclusive** if no payment succeeded, or none in the last fifth of the run.", _nobody_paid),
    Rule("**No leak** otherwise. Of heap and resident memory the larger bound is stated.", _all_is_bounded),
)


if __name__ == "__main__":
    print(rules_in_words())
