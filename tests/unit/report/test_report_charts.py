"""Which charts there are, what is in them, and the tables behind them."""

import numpy as np
import pytest
from report_runs import prepared, series

from exporter.record.state import Histogram
from exporter.report.charts import Section, sections
from exporter.report.prepared import Prepared
from exporter.report.runs import ReportRun
from exporter.report.tables import description, growth_table, run_table, value_table


def keys(found: list[Section]) -> list[str]:
    return [chart.key for section in found for chart in section.charts]


def sections_of(*runs: Prepared) -> list[Section]:
    return sections(list(runs))


def test_a_single_run_has_its_memory_in_one_picture_too() -> None:
    found = sections_of(*prepared(series(threads=np.full(361, 12))))
    assert keys(found) == ["rss_bytes", "heap_allocated_bytes", "memory_parts", "payment_rate", "payments", "threads"]
    parts = found[0].charts[2]
    assert [line.name for line in parts.lines] == ["Resident memory", "Heap in use", "Python heap", "Native heap"]


def test_several_runs_have_a_chart_for_each_part() -> None:
    found = sections_of(*prepared(series("a"), series("b")))
    assert keys(found)[:4] == ["rss_bytes", "heap_allocated_bytes", "heap_python_bytes", "heap_native_bytes"]
    assert [line.name for line in found[0].charts[0].lines] == ["a", "b"]


def test_what_never_changes_is_named_and_not_drawn() -> None:
    found = sections_of(*prepared(series(listeners=np.full(361, 2), instances=np.arange(361))))
    handles = found[-1]
    assert [chart.key for chart in handles.charts] == ["instances"]
    assert [column.title for column in handles.constant] == ["Event listeners"]


def test_failures_are_drawn_when_there_are_any() -> None:
    assert "payment_failures" not in keys(sections_of(*prepared(series(payment_failures=np.zeros(361)))))
    assert "payment_failures" in keys(sections_of(*prepared(series(payment_failures=np.arange(361)))))


def test_the_pace_of_the_load() -> None:
    stalled = np.minimum(np.arange(361) * 2, 400)
    chart = next(
        chart for chart in sections_of(*prepared(series(payments=stalled)))[1].charts if chart.key == "payment_rate"
    )
    rates = chart.lines[0].line.y
    assert rates[0] == pytest.approx(12)
    assert rates[-1] == 0


def test_latency_comes_from_the_run_itself() -> None:
    histogram = Histogram()
    for seconds in (0.03, 0.03, 0.3):
        histogram.observe(seconds)
    run = ReportRun("run", series(), latency_seconds={"spark": histogram, "lightning": Histogram()})
    found = sections_of(*prepared(run))
    chart = next(chart for section in found for chart in section.charts if chart.key == "latency")
    assert [line.name for line in chart.lines] == ["spark: p50 44 ms, p95 462 ms, p99 492 ms"]
    assert chart.lines[0].line.y.tolist()[:4] == pytest.approx([0, 2 / 3, 2 / 3, 2 / 3])
    assert value_table(chart).rows[1] == ["0.05 s", "66.7%"]


def test_the_points_are_shared_out_among_many_lines() -> None:
    long = prepared(series(minutes=600, every=1))
    few = sections_of(*long)[0].charts[0].lines[0].line
    many = sections_of(*long * 20)[0].charts[0].lines[0].line
    assert len(many.t) < len(few.t) <= 4002


def test_the_table_behind_a_chart_has_its_values() -> None:
    chart = sections_of(*prepared(series("a"), series("b", minutes=30)))[0].charts[0]
    table = value_table(chart)
    assert table.head == ["Time", "a", "b"]
    assert len(table.rows) == 21
    assert [row[0] for row in table.rows[:2]] == ["0 s", "3 min"]
    assert table.rows[0][1].startswith("54")
    assert table.rows[-1][2] == "\N{EN DASH}"


def test_a_chart_is_described_in_words() -> None:
    chart = sections_of(*prepared(series("steady", rss_bytes=np.full(361, 1 << 20))))[0].charts[0]
    assert description(chart) == "Resident memory. steady: from 1 MiB to 1 MiB, at most 1 MiB."


def value_of(cell: str) -> float:
    return float(cell.split(" ")[0].replace(",", ""))


def test_growth_part_by_part() -> None:
    table = growth_table(prepared(series(kib_per_min=300))[0])
    rows = {row[0]: row for row in table.rows}
    assert table.head[5:] == ["Per minute", "Per payment", "Per reconnect"]
    per_minute, per_payment, _ = (value_of(cell) for cell in rows["Native heap"][5:])
    assert per_minute == pytest.approx(300, rel=0.01)
    assert per_payment == pytest.approx(300 / 12, rel=0.01)


def test_growth_by_reconnect() -> None:
    reconnects = np.floor(np.arange(361) / 15)
    leaking = series(reconnects=reconnects, heap_native_bytes=7e6 + 430 * 1024 * reconnects)
    rows = {row[0]: row for row in growth_table(prepared(leaking)[0]).rows}
    assert value_of(rows["Native heap"][7]) == pytest.approx(430, rel=0.02)
    assert rows["Python heap"][7].endswith(" B")


def test_a_run_too_short_for_growth_has_its_levels() -> None:
    table = growth_table(prepared(series(minutes=1))[0])
    assert table.head == ["Part", "Start", "End", "Growth", "Peak"]


def test_runs_side_by_side() -> None:
    rows = run_table(prepared(series("a", kib_per_min=300), series("b"))).rows
    assert [row[:2] for row in rows] == [["a", "leak"], ["b", "no leak"]]
    assert [row[7] for row in rows] == ["720", "720"]
