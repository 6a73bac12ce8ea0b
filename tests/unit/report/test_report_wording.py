"""Numbers and sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.analysis.judgement import Interval, Judgement, Kind, SeriesEvidence
from exporter.record.column import Unit
from exporter.record.terms import Verdict
from exporter.report.tables import estimate
from exporter.report.wording import amount, clock, headline, interval, number, size


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1310, "1,310"),
        (38.21, "38.2"),
        (0.061, "0.06"),
        (-4.5, "\N{MINUS SIGN}4.50"),
        (-0.001, "0"),
        (2.0, "2"),
    ],
)
def test_numbers_have_three_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e12, 1e12))
def test_a_written_number_is_close_to_the_number(value: float) -> None:
    written = float(number(value).replace(",", "").replace("\N{MINUS SIGN}", "-"))
    assert written == pytest.approx(value, rel=0.006, abs=0.0051)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (512, "512 B"), (4096, "4 KiB"), (57_042_534, "54.4 MiB"), (-(1 << 31), "\N{MINUS SIGN}2 GiB")],
)
def test_sizes(value: float, text: str) -> None:
    assert size(value) == text


@pytest.mark.parametrize(
    ("low", "value", "high", "text"),
    [
        (1270, 1310, 1350, "+1,310 ± 40"),
        (139.7, 141.0, 142.3, "+141.0 ± 1.3"),
        (10, 100, 120, "+100 (+10 to +120)"),
        (-3.2, 0.4, 4.0, "+0.4 ± 3.6"),
        (0, 0, 0, "0"),
    ],
)
def test_an_interval_has_as_many_digits_as_it_is_sure_of(low: float, value: float, high: float, text: str) -> None:
    assert interval(Interval(value, low, high)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (2.5, "2.50 s"),
        (45, "45 s"),
        (750, "12 min 30 s"),
        (3600, "1 h"),
        (3900, "1 h 05 min"),
        (59.7, "1 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_value_that_is_not_there_is_a_dash() -> None:
    assert amount(None, Unit.BYTES) == amount(float("nan"), Unit.COUNT) == "\N{EN DASH}"


def test_an_estimate_is_in_the_unit_that_suits_it() -> None:
    assert estimate(Interval(256, 250, 262), Unit.BYTES) == "+256.0 ± 6.0 B"
    assert estimate(Interval(440_000, 430_000, 450_000), Unit.BYTES) == "+429.7 ± 9.8 KiB"
    assert estimate(None, Unit.BYTES) == "\N{EN DASH}"


def judgement(verdict: Verdict, series: str | None = "rss_bytes", missed: float | None = None) -> Judgement:
    growth = Interval(100, 90, 110)
    part = SeriesEvidence("open_fds", Kind.SETTLED, verdict, Interval(2, 1.9, 2.1), None, "")
    return Judgement(
        verdict=verdict,
        series=series,
        evidence=Kind.SETTLED,
        growth_kib_per_min=growth,
        missed_kib_per_min=missed,
        reason="",
        parts=(part,),
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (judgement(Verdict.LEAK), "Leak: resident memory grows by 100 ± 10 KiB a minute"),
        (judgement(Verdict.LEAK, "open_fds"), "Leak: file descriptors grow by 2.00 ± 0.10 a minute"),
        (judgement(Verdict.NO_LEAK, missed=12.3), "No leak above 12.3 KiB a minute"),
        (judgement(Verdict.NO_LEAK, missed=0.0), "No leak above 0.10 KiB a minute"),
        (judgement(Verdict.INCONCLUSIVE, None), "Inconclusive: neither a leak nor its absence was shown"),
    ],
)
def test_the_verdict_in_a_sentence(found: Judgement, text: str) -> None:
    assert headline(found) == text
