"""The page, the text and the JSON say the same of a run: what the verdict has found."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from report_runs import MIB, prepared, series

from exporter.analysis.judgement import Interval, Kind, Settings
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.record.column import Unit
from exporter.report.judgements import as_json, as_text, in_words
from exporter.report.page import render
from exporter.report.prepared import prepare
from exporter.report.runs import ReportRun
from exporter.report.tables import estimate
from exporter.report.wording import interval


class Cells(HTMLParser):
    """The texts of a page's cells and figures, each by itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.texts.add(" ".join(data.split()))


def wandering(seed: int) -> Run:
    """Ten minutes with samples at rest whose noise wanders, which is where another fit has other bounds."""
    rng = np.random.default_rng(seed)
    noise = 200_000 * np.cumsum(rng.standard_normal(601)) / 10
    native = 8 * MIB + 300 * np.arange(601) + noise
    return series("wandering", 10, 1, heap_native_bytes=native, heap_allocated_bytes=native + 9 * MIB)


def descriptors() -> Run:
    return series("descriptors", open_fds=20 + np.arange(361) // 10)


RUNS = [
    *(wandering(seed) for seed in range(4)),
    descriptors(),
    series("clean"),
    series("leaking", kib_per_min=300),
    series("under load", kib_per_min=100, settled=np.zeros(361)),
    series("short", 10, kib_per_min=1000, settled=np.zeros(61)),
]


@pytest.mark.parametrize("settings", [Settings(), Settings(threshold_kib_per_min=120, acquit_kib_per_min=120)])
@pytest.mark.parametrize("run", RUNS, ids=[run.name for run in RUNS])
def test_page_text_and_json_have_the_figures_of_the_verdict(run: Run, settings: Settings) -> None:
    judgement = judge(run, settings)
    told = [("run", judgement)]
    (found,) = json.loads(as_json(told))["runs"]
    cells = Cells(render(prepared(ReportRun("run", run, judgement)), "Title")).texts
    assert found["growth_kib_per_min"] is not None
    growth = Interval(**found["growth_kib_per_min"])
    assert f"{in_words(growth)} KiB/min" in as_text(told)
    assert f"{interval(growth)} KiB" in cells
    assert interval(growth) in cells
    if found["growth_bytes_per_payment"] is not None:
        per_payment = Interval(**found["growth_bytes_per_payment"])
        assert f"{in_words(per_payment)} bytes per payment" in as_text(told)
        assert estimate(per_payment, Unit.BYTES) in cells


@pytest.mark.parametrize("run", RUNS, ids=[run.name for run in RUNS])
def test_every_series_that_was_judged_is_drawn_with_a_growth_that_was_judged(run: Run) -> None:
    (page,) = prepare([ReportRun("run", run)])
    judged = {(part.series, part.evidence): part.growth_per_min for part in page.judgement.parts}
    for name, growth in page.growth.items():
        kind = Kind.SETTLED if growth.at_rest else Kind.PASSIVE
        if (name, kind) in judged:
            assert growth.per_minute == judged[name, kind]
    assert {name for name, _ in judged} & set(page.growth)
