"""What a judgement says of growth is what the state keeps, in bytes per second and per payment."""

from dataclasses import replace

import pytest

from exporter.analysis.judgement import Interval, Judgement, Kind, SeriesEvidence
from exporter.record.state import Growth, SubjectState
from exporter.record.terms import Verdict
from exporter.runs.growth import keep_growth

HEAP = SeriesEvidence("heap_native_bytes", Kind.SETTLED, Verdict.LEAK, Interval(60, 54, 66), None, "grows")
HEAP_UNDER_LOAD = replace(HEAP, evidence=Kind.PASSIVE, growth_per_min=Interval(90, 0, 180))
SOCKETS = SeriesEvidence("open_fds", Kind.PASSIVE, Verdict.LEAK, Interval(30, 24, 36), None, "grows")
LEAK = Judgement(
    verdict=Verdict.LEAK,
    series="heap_native_bytes",
    growth_series="heap_native_bytes",
    evidence=Kind.SETTLED,
    growth_kib_per_min=Interval(60, 54, 66),
    growth_bytes_per={"payments": Interval(500, 400, 600), "wallet_lifecycles": Interval(2500, 2000, 3000)},
    warmup_sec=None,
    missed_kib_per_min=None,
    reason="grows",
    would_decide="",
    parts=(HEAP, HEAP_UNDER_LOAD, SOCKETS),
    memory_limit_in_sec=3600.0,
)


def kept(judgement: Judgement) -> SubjectState:
    state = SubjectState("python")
    keep_growth(state, judgement.as_dict())
    return state


def test_the_growth_that_decided_is_kept_with_its_interval() -> None:
    state = kept(LEAK)
    assert state.growth == Growth("heap_native", 1024, 54 * 1024 / 60, 66 * 1024 / 60)
    assert state.growth_per == {
        "payment": Growth("heap_native", 500, 400, 600),
        "wallet_lifecycle": Growth("heap_native", 2500, 2000, 3000),
    }
    assert state.memory_limit_in_seconds == 3600


def test_of_each_series_the_reading_at_rest_is_kept() -> None:
    state = kept(LEAK)
    assert state.memory_growth == {"heap_native": 1024}
    assert state.count_growth == {"open_fds": pytest.approx(0.5)}


def test_where_a_count_decides_the_memory_is_resident_memory() -> None:
    state = kept(replace(LEAK, series="open_fds", growth_series="rss_bytes"))
    assert state.growth is not None
    assert state.growth.series == "rss"


def test_what_a_later_judgement_can_t_tell_is_no_longer_there() -> None:
    state = kept(LEAK)
    nothing = replace(LEAK, growth_kib_per_min=None, growth_bytes_per={}, parts=(), memory_limit_in_sec=None)
    keep_growth(state, nothing.as_dict())
    assert (state.growth, state.growth_per, state.memory_limit_in_seconds) == (None, {}, None)
    assert state.memory_growth == state.count_growth == {}
