import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exporter.analysis.evidence import Evidence
from exporter.analysis.findings import Findings
from exporter.analysis.judgement import Drain
from exporter.analysis.load import Load
from exporter.analysis.rules import RULES, Limits, case_of, combine, rules_in_words
from exporter.analysis.trend import trend_of_floors
from exporter.record.terms import Verdict

LEAK, NO_LEAK, INCONCLUSIVE = Verdict.LEAK, Verdict.NO_LEAK, Verdict.INCONCLUSIVE
LIMITS = Limits(50.0, 200.0, 5.0)
PAGE = Path(__file__).parents[3] / "docs" / "verdict-method.md"


def evidence(series: str, verdict: Verdict, missed: float | None = None, *, settled: bool = False) -> Evidence:
    samples = 0 if verdict is INCONCLUSIVE and missed is None else 30
    return Evidence(series, settled, verdict, None, np.empty(0), 60.0, samples, missed, f"{series}: {verdict}")


NO_HEAP = evidence("heap_allocated_bytes", INCONCLUSIVE)
ACQUITTED = Findings(
    heap_at_rest=evidence("heap_allocated_bytes", NO_LEAK, 5.0, settled=True),
    parts_at_rest=(),
    heap=evidence("heap_allocated_bytes", NO_LEAK, 6.0),
    resident_at_rest=evidence("rss_bytes", INCONCLUSIVE, settled=True),
    resident=evidence("rss_bytes", NO_LEAK, 20.0),
    counts=(),
    whole_heap=True,
)
PART = evidence("heap_native_bytes", LEAK, settled=True)
HEAP_LEAK = evidence("heap_allocated_bytes", LEAK)
RESIDENT_LEAK = evidence("rss_bytes", LEAK, 900.0)
OPEN = evidence("rss_bytes", INCONCLUSIVE, 120.0)
HEAPLESS = replace(ACQUITTED, heap_at_rest=NO_HEAP, heap=NO_HEAP, whole_heap=False)
UNDECIDED_HEAP = replace(ACQUITTED, heap_at_rest=NO_HEAP, heap=evidence("heap_allocated_bytes", INCONCLUSIVE, 80.0))
MINUTES = np.linspace(0.0, 60.0, 360)
STRAIGHT, SLOWING = (trend_of_floors(MINUTES, grown, 4.0) for grown in (100 * MINUTES, 2000 * np.sqrt(MINUTES)))
FALLING = trend_of_floors(MINUTES, 9000 - 100 * MINUTES, 4.0)
# What a heap takes that another one has given up, and the same beside a sum that grows too.
MOVED, GROWN = (
    replace(
        UNDECIDED_HEAP,
        heap_at_rest=replace(UNDECIDED_HEAP.heap, settled=True, trend=whole),
        parts_at_rest=(replace(PART, trend=STRAIGHT),),
    )
    for whole in (FALLING, STRAIGHT)
)
# By the number of the rule that decides it.
CASES: list[tuple[int, Findings, Load]] = [
    (1, replace(ACQUITTED, parts_at_rest=(PART,), resident=RESIDENT_LEAK), Load()),
    (1, replace(ACQUITTED, heap_at_rest=replace(HEAP_LEAK, settled=True)), Load()),
    (1, GROWN, Load()),
    (8, MOVED, Load()),
    (2, replace(ACQUITTED, heap_at_rest=NO_HEAP, heap=HEAP_LEAK), Load()),
    (3, replace(ACQUITTED, counts=(evidence("open_fds", LEAK),), resident=RESIDENT_LEAK), Load()),
    (4, replace(ACQUITTED, heap=HEAP_LEAK, resident=RESIDENT_LEAK), Load()),
    (5, replace(ACQUITTED, resident=RESIDENT_LEAK, whole_heap=False, reserves=True), Load()),
    (6, replace(UNDECIDED_HEAP, resident=replace(RESIDENT_LEAK, trend=SLOWING)), Load()),
    (7, replace(UNDECIDED_HEAP, resident=replace(RESIDENT_LEAK, trend=STRAIGHT)), Load()),
    (7, replace(UNDECIDED_HEAP, resident=replace(RESIDENT_LEAK, trend=SLOWING), whole_heap=False), Load()),
    (7, replace(ACQUITTED, resident=RESIDENT_LEAK, whole_heap=False), Load()),
    (8, replace(ACQUITTED, heap_at_rest=NO_HEAP, heap=evidence("heap_allocated_bytes", INCONCLUSIVE, 80.0)), Load()),
    (9, replace(ACQUITTED, resident=OPEN, whole_heap=False), Load()),
    (10, replace(HEAPLESS, resident=evidence("rss_bytes", INCONCLUSIVE)), Load()),
    (11, replace(ACQUITTED, counts=(replace(evidence("open_fds", INCONCLUSIVE, 40.0), growing=True),)), Load()),
    (12, ACQUITTED, Load("no payment succeeded", idle=True)),
    (13, ACQUITTED, Load()),
    (13, replace(ACQUITTED, counts=(evidence("open_fds", INCONCLUSIVE, 40.0),)), Load()),
    (13, replace(ACQUITTED, resident=OPEN), Load()),
    (13, HEAPLESS, Load()),
]


@pytest.mark.parametrize(("number", "findings", "load"), CASES)
def test_each_rule_decides_where_none_before_it_applies(number: int, findings: Findings, load: Load) -> None:
    case = case_of(findings, None, load, LIMITS)
    assert next(place for place, rule in enumerate(RULES, 1) if rule.decide(case)) == number
    words = re.match(r"\*\*(.+?)\*\*", RULES[number - 1].words)
    assert words is not None
    assert str(combine(findings, None, load, LIMITS).verdict) == words[1].lower()


def test_every_rule_has_a_case() -> None:
    assert {number for number, _, _ in CASES} == set(range(1, len(RULES) + 1))


@pytest.mark.parametrize(
    ("returned", "held", "expected"), [(9e6, 1e6, NO_LEAK), (1e6, 9e6, LEAK), (9e6, 8e6, LEAK)]
)  # of 8 MB held in an hour, 130 KiB/min are too much to acquit, whatever was returned
def test_a_leak_of_resident_memory_is_refuted_by_what_trimming_returned(
    returned: float, held: float, expected: Verdict
) -> None:
    findings = replace(HEAPLESS, resident=RESIDENT_LEAK)
    decision = combine(findings, Drain(returned, 5e7, held, held / 1024 / 60), Load(), LIMITS)
    assert decision.verdict is expected
    assert any("trimming returned it" in flag for flag in decision.flags) is (expected is NO_LEAK)


def test_the_page_lists_the_rules() -> None:
    page = " ".join(PAGE.read_text("utf-8").split())
    assert " ".join(rules_in_words().split()) in page
