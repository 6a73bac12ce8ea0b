"""The page as text: self-contained, safe with any label, and sensible with any input."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_runs import MIB, prepared, series

from exporter.analysis.judgement import Doubling, Drain
from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.errors import ConfigError
from exporter.record.columns import BY_NAME
from exporter.record.terms import Verdict
from exporter.report.page import render, write_report
from exporter.report.payload import embeddable
from exporter.report.runs import AllocationSite, ReportRun, named_apart, printable

HOSTILE = "</script><script>alert(1)</script>\"'<!--${x}\u2028😀\x00"


def data_of(page: str) -> dict[str, list[dict[str, object]]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, list[dict[str, object]]] = json.loads(found.group(1))
    return data


@given(st.text())
def test_embedded_text_ends_no_element_and_comes_back(text: str) -> None:
    sound = text.encode("utf-8", "replace").decode()
    embedded = str(embeddable({"label": sound}))
    assert "<" not in embedded
    assert json.loads(embedded) == {"label": sound}


def test_nothing_is_loaded_from_anywhere() -> None:
    page = render(prepared(series()), "Title")
    assert re.findall(r'(?:src|href)="(?!#)', page) == []
    assert "default-src 'none'" in html.unescape(page)
    assert re.findall(r"<(?:link|img|iframe|object|base)\b", page) == []


def test_a_hostile_label_is_text() -> None:
    page = render(
        prepared(
            ReportRun(HOSTILE, series(), settings={HOSTILE: HOSTILE}, sites=[AllocationSite(HOSTILE, "native", 5)])
        ),
        HOSTILE,
    )
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "\x00" not in page
    assert data_of(page)["runs"][0]["label"] == printable(HOSTILE)


def test_the_verdict_and_the_settings_are_on_the_page() -> None:
    page = render(prepared(ReportRun("run", series(kib_per_min=300), settings={"payment-type": "spark"})), "Title")
    assert re.search(r'<h2 class="headline">Leak: .* grows by (299|300)', page)
    assert "<dt>payment-type</dt><dd>spark</dd>" in page


def test_what_the_scenarios_did_is_on_the_page() -> None:
    minutes = np.arange(361) // 6
    page = render(prepared(series(abandoned_instances=2 * minutes, listener_churns=0 * minutes)), "Title")
    assert re.search(r"<dt>Abandoned instances</dt>\s*<dd>120\b", page)
    assert "Listener churns" not in page


def test_what_was_found_by_trimming_and_by_phases_is_on_the_page() -> None:
    judgement = replace(
        judge(series()),
        drain=Drain(2.0 * MIB, 50.0 * MIB, 1.5 * MIB, 20.0),
        doubling={"heap_allocated_bytes": Doubling(Verdict.NO_LEAK, (), None, "the heap: not added again")},
    )
    page = render(prepared(ReportRun("run", series(), judgement)), "Title")
    assert re.search(r"Held more.*?1\.50.*?than at the start, after trimming", page, re.DOTALL)
    assert "<dt>Doubling</dt><dd>The heap: not added again.</dd>" in page
    assert "Held more" not in render(prepared(series()), "Title")


@pytest.mark.parametrize("column", ["rss_bytes", "heap_allocated_bytes"])
def test_trimmed_samples_are_not_drawn(column: str) -> None:
    run = series()
    trimmed = np.zeros(len(run))
    trimmed[[0, -1]] = 1
    (drawn,) = prepared(series(trimmed=trimmed))
    assert len(drawn.times.rows) == len(run) - 2
    summary = drawn.summary(BY_NAME[column])
    assert summary is not None
    assert (summary.start, summary.end) == (run.columns[column][1], run.columns[column][-2])


def test_allocation_sites_are_on_the_page_when_there_are_any() -> None:
    site = AllocationSite("spark_wallet::run_background_tasks", "native", 6_450_000, 9_000)
    page = render(prepared(ReportRun("run", series(), sites=[site])), "Title")
    assert "spark_wallet::run_background_tasks" in page
    assert "<td>+6.15 MiB</td><td>+8.79 KiB</td>" in page
    assert "Allocated by" not in render(prepared(series()), "Title")


def test_the_same_runs_make_the_same_page() -> None:
    assert render(prepared(series()), "Title") == render(prepared(series()), "Title")


@pytest.mark.parametrize(
    "run",
    [
        Run.of("empty", elapsed_sec=np.empty(0), rss_bytes=np.empty(0)),
        Run.of("trimmed only", elapsed_sec=np.zeros(1), rss_bytes=np.ones(1), trimmed=np.ones(1)),
        Run.of("one", elapsed_sec=np.zeros(1), rss_bytes=np.ones(1)),
        Run.of("no time", elapsed_sec=np.full(5, np.nan), rss_bytes=np.ones(5)),
        Run.of("no value", elapsed_sec=np.arange(5.0), rss_bytes=np.full(5, np.nan)),
        Run.of("one moment", elapsed_sec=np.zeros(50), rss_bytes=np.arange(50.0)),
        Run.of("restarted", elapsed_sec=np.tile(np.arange(300.0), 2), rss_bytes=np.arange(600.0)),
        Run.of("heap only", elapsed_sec=np.arange(900.0), heap_allocated_bytes=np.arange(900.0)),
    ],
    ids=lambda run: run.name,
)
def test_any_run_has_a_page(run: Run) -> None:
    assert len(data_of(render(prepared(run), "Title"))["runs"]) == 1
    assert len(data_of(render(prepared(run, series()), "Title"))["runs"]) == 2


def test_labels_are_told_apart() -> None:
    runs = [ReportRun(label, series("dir/out.csv")) for label in ("a", "a", "", "\n", "a (2)")]
    assert [run.label for run in named_apart(runs)] == ["a", "a (2)", "out", "out (2)", "a (2) (2)"]


def test_a_name_that_is_not_utf8_is_shown_as_far_as_it_can_be() -> None:
    assert printable("caf\udce9") == "caf?"


def test_writes_the_file_and_says_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    told = write_report(path, [ReportRun("run", series(kib_per_min=300))], "Title")
    assert told.startswith("Leak: ")
    assert told in path.read_text()


def test_a_path_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't write .*missing.*name another file"):
        write_report(tmp_path / "missing" / "out.html", [ReportRun("run", series())], "Title")
