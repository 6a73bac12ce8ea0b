"""The page that a run writes at its end."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from report_runs import series

from exporter.analysis.series import Run
from exporter.analysis.verdict import judge
from exporter.errors import ConfigError
from exporter.record.state import Histogram, LoadCounters, RunState, SubjectState
from exporter.runs.conclusion import Judged
from exporter.runs.page import write_run_report
from exporter.settings.run import RunConfig


def finished(*drivers: str, run: Run) -> tuple[RunState, list[Judged]]:
    latency = Histogram()
    latency.observe(0.07)
    load = LoadCounters(payments=Counter(spark=720), latency_seconds={"spark": latency})
    subjects = {
        name: SubjectState(name, sdk="breez-sdk-spark", sdk_version="0.27.2", load=load)
        for name in drivers or ("python",)
    }
    state = RunState("nightly", {"interval": "5s"}, datetime.now(UTC), 3600.0, subjects)
    return state, [Judged(subject, run, judge(run), None) for subject in subjects.values()]


def test_it_has_what_only_the_run_knows(tmp_path: Path) -> None:
    run = series(kib_per_min=300)
    write_run_report(tmp_path / "out.html", *finished(run=run), heap_dump=None)
    page = (tmp_path / "out.html").read_text()
    assert "<h1>nightly</h1>" in page
    assert "<dt>sdk</dt><dd>breez-sdk-spark 0.27.2</dd>" in page
    assert "<dt>interval</dt><dd>5s</dd>" in page
    assert 'id="chart-latency"' in page


def test_a_run_that_ended_before_its_first_heap_dump_has_a_page(tmp_path: Path) -> None:
    run = series()
    write_run_report(tmp_path / "out.html", *finished(run=run), tmp_path / "heap.memray.bin")
    assert "Allocated by" not in (tmp_path / "out.html").read_text()


def test_several_subjects_share_a_page(tmp_path: Path) -> None:
    write_run_report(tmp_path / "out.html", *finished("python", "go", run=series()), heap_dump=None)
    page = (tmp_path / "out.html").read_text()
    assert ">python<" in page
    assert ">go<" in page


def test_a_directory_that_is_not_there_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"report is .*missing/out.html.*create it first"):
        RunConfig(report=tmp_path / "missing" / "out.html")
    assert RunConfig(report=tmp_path / "out.html").report == tmp_path / "out.html"
