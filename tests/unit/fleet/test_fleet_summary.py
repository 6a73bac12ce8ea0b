"""A matrix put together: one judgement of several runs, drivers compared, exit codes, and how it is told."""

import json
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest
from fleet_plans import NIGHTLY, around, result_of
from msgspec.structs import replace

from exporter.analysis.judgement import Interval
from exporter.fleet import table
from exporter.fleet.cells import Cell, cells_of
from exporter.fleet.plan import Plan, parse_plan
from exporter.fleet.result import Result
from exporter.fleet.summary import Summary, summarize
from exporter.record.terms import Verdict
from exporter.report.wording import NOTHING

LEAK, CLEAN, OPEN = Verdict.LEAK, Verdict.NO_LEAK, Verdict.INCONCLUSIVE
SMALL = "name: small\ndrivers: [go, python]\nscenarios: {steady: {}}\ndurations: [1h]\nrepetitions: 3\n"


def small(more: str = "") -> Plan:
    """Six cells: go has the even numbers, python the odd ones."""
    return parse_plan((SMALL + more).encode())


def results(plan: Plan, verdicts: str, growths: Mapping[str, float] | None = None) -> dict[int, Result]:
    """A result for each letter, by cell: (l)eak, (c)lean, (o)pen; a digit is an exit code, a dot no result."""
    found = {}
    for cell, letter in zip(cells_of(plan), verdicts, strict=True):
        growth = around((growths or {}).get(cell.combination.driver, 0.0) + 0.1 * cell.repetition, 2.0)
        if letter.isdigit():
            found[cell.number] = result_of(cell, OPEN, growth, exit_code=int(letter))
        elif letter != ".":
            found[cell.number] = result_of(cell, {"l": LEAK, "c": CLEAN, "o": OPEN}[letter], growth)
    return found


def summary(verdicts: str, more: str = "", growths: Mapping[str, float] | None = None) -> Summary:
    plan = small(more)
    return summarize(plan, results(plan, verdicts, growths))


@pytest.mark.parametrize(
    ("of_go", "verdict"),
    [("lll", LEAK), ("llc", LEAK), ("lcc", OPEN), ("ccc", CLEAN), ("cco", CLEAN), ("coo", OPEN), ("l..", LEAK)],
)
def test_what_most_runs_show_is_the_verdict(of_go: str, verdict: Verdict) -> None:
    go, python = summary("".join(f"{letter}c" for letter in of_go)).rows
    assert (go.verdict, python.verdict) == (verdict, CLEAN)


def test_a_leak_in_one_run_that_the_pooled_growth_confirms_is_one() -> None:
    go, _ = summary("lcocoo", growths={"go": 500.0}).rows
    assert go.verdict is LEAK
    assert go.verdicts == {"leak": 1, "inconclusive": 2}


def test_a_row_counts_its_runs_and_pools_their_growth() -> None:
    go, python = summary("lclc4.", growths={"go": 500.0}).rows
    assert go.cells == (0, 2, 4)
    assert (go.verdicts, go.failed, go.missing) == ({"leak": 2}, {4: 4}, ())
    assert (python.verdicts, python.failed, python.missing) == ({"no leak": 2}, {}, (5,))
    assert go.growth_kib_per_min is not None
    assert go.growth_kib_per_min.value == pytest.approx(500.15)
    assert (go.payments, go.failures, go.peak_bytes) == (3000, 9, 100 << 20)


def test_runs_that_tell_of_other_growth_are_pooled_by_resident_memory() -> None:
    plan = small()
    found = results(plan, "llllll")
    found[0] = replace(found[0], growth_series="rss_anon_bytes", growth_kib_per_min=Interval(9e9, 9e9, 9e9))
    go, python = summarize(plan, found).rows
    assert (go.growth_series, python.growth_series) == ("rss_bytes", "heap_allocated_bytes")
    assert go.growth_kib_per_min is not None
    assert go.growth_kib_per_min.value < 100


@pytest.mark.parametrize(
    ("verdicts", "fail_on", "code"),
    [
        ("cccccc", "leak", 0),
        ("oooooo", "leak", 0),
        ("oooooo", "inconclusive", 3),
        ("lclclc", "leak", 1),
        ("lclclc", "never", 0),
        ("l4lclc", "leak", 1),
        ("c4cccc", "leak", 4),
        ("c4c5cc", "leak", 4),
        ("c5cccc", "never", 5),
        ("ccccc.", "leak", 5),
        ("c2cccc", "leak", 2),
    ],
)
def test_ends_with_the_gravest(verdicts: str, fail_on: str, code: int) -> None:
    assert summary(verdicts, f"fail-on: {fail_on}\n").exit_code == code


@pytest.mark.parametrize(("end", "code"), [(70, 70), (137, 5), (130, 130)])
def test_our_own_failures_are_no_verdict(end: int, code: int) -> None:
    plan = small()
    found = results(plan, "cccccc")
    found[3] = replace(found[3], exit_code=end)
    told = summarize(plan, found)
    assert (told.exit_code, told.rows[1].failed) == (code, {3: end})


def test_an_interrupted_matrix_says_so() -> None:
    plan = small()
    told = summarize(plan, results(plan, "lclc.."), interrupted=True)
    assert (told.exit_code, told.verdict) == (130, LEAK)


def test_drivers_are_compared_under_the_same_load() -> None:
    (found,) = summary("lclclc", growths={"go": 500.0}).comparisons
    assert (found.slower, found.faster, found.significant) == ("python", "go", True)
    assert found.difference_kib_per_min.low < 500 < found.difference_kib_per_min.high
    (alike,) = summary("cccccc").comparisons
    assert not alike.significant


def test_one_run_of_each_driver_is_not_enough_to_compare_them() -> None:
    plan = parse_plan(SMALL.replace("repetitions: 3\n", "").encode())
    told = summarize(plan, results(plan, "lc", growths={"go": 500.0}))
    assert not told.comparisons
    assert "Drivers are compared from two runs of each on: raise repetitions." in table.as_text(told)
    assert not summary("lcl...", growths={"go": 500.0}).comparisons  # one of them has a single run


def test_the_more_pairs_there_are_the_more_each_has_to_show() -> None:
    drivers = "drivers: [go, python, " + ", ".join(f"python@{n}" for n in range(10)) + "]\n"
    growths = {"go": 3.0}
    few, many = (
        max(
            each.probability
            for each in summarize(plan, results(plan, "c" * len(cells_of(plan)), growths)).comparisons
            if {each.slower, each.faster} == {"go", "python"}
        )
        for plan in (small(), parse_plan(SMALL.replace("drivers: [go, python]\n", drivers).encode()))
    )
    assert few < many


def test_the_table_tells_all() -> None:
    text = table.as_text(summary("lclc4.", growths={"go": 500.0}))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[3].startswith("go steady 1h leak 2 leak, 1 subject died +500.2 ± ")
    assert lines[4].startswith("python steady 1h no leak 2 no leak, 1 not run ")
    assert "Leaks with go, not with python." in lines
    assert "go grows 500.0 ± " in text
    assert lines[-1] == "Verdict: leak"


def test_the_markdown_is_a_table_of_as_many_columns() -> None:
    told = table.as_markdown(summary("lclclc")).splitlines()
    rows = [line for line in told if line.startswith("|")]
    assert len(rows) == 4
    assert len({row.replace("\\|", "").count("|") for row in rows}) == 1
    assert told[0] == "**small: leak**"


def told_per(growths: Mapping[int, Mapping[str, Interval]]) -> tuple[Plan, dict[int, Result]]:
    """A plan, and its results with these growths per operation, by cell."""
    plan = small()
    found = results(plan, "cccccc")
    return plan, {
        number: replace(result, growth_bytes_per=dict(growths.get(number, {}))) for number, result in found.items()
    }


def test_growth_is_told_per_whatever_the_loads_did() -> None:
    lifecycle, failure = around(1000.0, 10.0), around(300.0, 10.0)
    of_go = {"payments": around(5.0, 1.0), "wallet_lifecycles": lifecycle}
    plan, found = told_per({0: of_go, 2: of_go, 1: {"payment_failures": failure}})
    told = summarize(plan, found)
    go, python = told.rows
    assert go.growth_bytes_per["wallet_lifecycles"].value == pytest.approx(1000)
    assert python.growth_bytes_per == {"payment_failures": failure}
    head, of_go_row, of_python_row = (" ".join(line.split()) for line in table.as_text(told).splitlines()[2:5])
    assert "bytes per payment bytes per failed payment bytes per wallet lifecycle peak" in head
    assert "+1,000 ± 46 100 MiB" in of_go_row
    assert f"+300 ± 10 {NOTHING} 100 MiB" in of_python_row
    markdown = table.as_markdown(told)
    assert "| bytes per payment | bytes per failed payment | bytes per wallet lifecycle | peak |" in markdown
    assert "bytes per reconnect" not in markdown


def test_without_growth_per_operation_payments_have_their_column() -> None:
    assert table.as_markdown(summary("cccccc")).count("bytes per ") == 1


def test_the_json_has_every_cell() -> None:
    plan = small()
    found = results(plan, "lclc4.")
    told = json.loads(table.as_json(summarize(plan, found), found))
    assert [cell["cell"] for cell in told["cells"]] == [0, 1, 2, 3, 4]
    assert told["rows"][0]["combination"] == {"driver": "go", "scenario": "steady", "duration": "1h"}
    assert (told["exit_code"], told["verdict"]) == (1, "leak")


def junit(cells: list[Cell], found: Mapping[int, Result]) -> ElementTree.Element:
    return ElementTree.fromstring(table.as_junit("small", cells, found, "leak"))


def test_junit_has_a_case_per_cell() -> None:
    plan = small()
    suite = junit(cells_of(plan), results(plan, "lco45."))
    assert [[kind.tag for kind in case] for case in suite] == [
        ["failure"],
        [],
        ["skipped"],
        *[["error"]] * 3,
    ]
    assert suite.attrib == {"name": "small", "tests": "6", "failures": "1", "errors": "3", "skipped": "1"}
    assert suite[3].attrib["name"] == "python steady 1h #2"
    assert [case[0].attrib["message"] for case in suite[3:]] == [
        "subject died: as told",
        "load failed: as told",
        "it was not run",
    ]


def test_a_thousand_cells_are_put_together() -> None:
    plan = parse_plan(NIGHTLY.replace("repetitions: 2", "repetitions: 200").encode())
    assert len(summarize(plan, results(plan, "c" * 1000)).rows) == 5
