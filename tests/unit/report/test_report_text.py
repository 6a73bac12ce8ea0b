"""The final report: what it says."""

import re
from collections import Counter
from pathlib import Path

import pytest

from exporter.analysis.judgement import Interval, Judgement
from exporter.errors import SubjectError
from exporter.record.state import Histogram, LoadCounters, SubjectState
from exporter.record.terms import Verdict
from exporter.report.judgements import in_words, paragraph
from exporter.report.text import judge_csv, trend_report

CSV = """elapsed_sec,rss_bytes,heap_allocated_bytes,settled
0,52428800,1048576,0
60,,2097152,1
120,57671680,3145728,0
180,54525952,2097152,0
"""


def latencies(*seconds: float) -> Histogram:
    histogram = Histogram()
    for value in seconds:
        histogram.observe(value)
    return histogram


def state() -> SubjectState:
    load = LoadCounters(
        payments=Counter(spark=120, lightning=3),
        failures=Counter(spark=2),
        latency_seconds={"spark": latencies(*[0.07] * 100), "lightning": Histogram()},
        counts=Counter(reconnects=4),
        sdk_events=Counter(payment_succeeded=240),
    )
    return SubjectState("python", sdk="breez-sdk-spark", sdk_version="0.27.2", load=load)


def report_on(tmp_path: Path, text: str) -> str:
    path = tmp_path / "out.csv"
    path.write_text(text)
    return trend_report(*judge_csv(path), state(), SubjectError("driver 'python' ended"))


def test_names_levels_load_and_verdict(tmp_path: Path) -> None:
    report = report_on(tmp_path, CSV)
    assert "Trend report: breez-sdk-spark 0.27.2" in report
    assert "00:03:00, 4 samples, 1 of them at rest" in report
    assert "50.0 MiB → 52.0 MiB (+2.0), at most 55.0 MiB" in report
    assert "1.0 MiB → 2.0 MiB (+1.0), at most 3.0 MiB" in report
    assert "3 lightning, 120 spark, 2 failed" in report
    assert "spark p50 75 ms, p95 98 ms, p99 100 ms" in report
    assert "4 reconnects" in report
    assert "240 payment_succeeded" in report
    assert "driver 'python' ended" in report
    assert "Verdict: inconclusive" in report


def test_a_watch_in_which_nothing_counts_payments_tells_none(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("".join(CSV.splitlines(keepends=True)[:2]))
    told = trend_report(*judge_csv(path), SubjectState("python"), None)
    assert "Payments" not in told
    assert "Events" not in told
    assert ", 1 sample, " in told
    counted = SubjectState("python", load=LoadCounters(payments=Counter(any=7)))
    assert "Payments      7, 0 failed" in trend_report(*judge_csv(path), counted, None)


def test_trimmed_samples_are_no_levels(tmp_path: Path) -> None:
    lines = CSV.splitlines()
    marked = [f"{lines[0]},trimmed", "0,41943040,1048576,1,1", *(f"{line},0" for line in lines[1:])]
    report = report_on(tmp_path, "\n".join([*marked, "181,41943040,1048576,1,1\n"]))
    assert "50.0 MiB → 52.0 MiB (+2.0), at most 55.0 MiB" in report
    alone = report_on(tmp_path, "\n".join([*marked[:2], ""]))
    assert "RSS" not in alone
    assert "Verdict: inconclusive" in alone


def test_a_csv_without_samples_is_inconclusive_and_says_so(tmp_path: Path) -> None:
    assert "Verdict: inconclusive" in report_on(tmp_path, "")


def test_large_figures_have_their_thousands_apart() -> None:
    assert in_words(Interval(17073.5, -1200.0, 35000.25)) == "+17,073.5 (-1,200.0 to +35,000.2)"
    assert in_words(Interval(173.5, -12.0, 350.25)) == "+173.5 (-12.0 to +350.2)"


@pytest.mark.parametrize(("seconds", "told"), [(0.0, "none"), (90.0, "1.5 min")])
def test_a_straight_line_is_told_to_have_no_warmup(seconds: float, told: str) -> None:
    text = paragraph("run", Judgement(verdict=Verdict.LEAK, reason="it grows", warmup_sec=seconds))
    assert re.search(rf"warm-up +{told}$", text, re.MULTILINE)
