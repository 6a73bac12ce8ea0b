import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from full_disk import fill

from exporter.cli import exit_code_of

KIB = 1024


def write_run(path: Path, kib_per_min: float, minutes: int = 60) -> Path:
    rng = np.random.default_rng(9)
    rows = ["timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,payments"]
    for second in range(0, minutes * 60 + 1, 10):
        rss = 50_000 * KIB + kib_per_min * KIB * second / 60 + 40 * KIB * rng.standard_normal()
        clock = f"2025-01-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"
        rows.append(f"{clock},{second}.00,{rss:.0f},{rss / 2:.0f},{second // 5}")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write_run(tmp_path / "clean.csv", 0)


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    return write_run(tmp_path / "leaking.csv", 200)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    return write_run(tmp_path / "short.csv", 200, minutes=3)


def test_the_exit_code_is_the_verdict(clean: Path, leaking: Path, short: Path) -> None:
    assert exit_code_of(["analyze", str(clean)]) == 0
    assert exit_code_of(["analyze", str(clean), str(leaking)]) == 1
    assert exit_code_of(["analyze", str(short)]) == 0
    assert exit_code_of(["analyze", str(short), "--fail-on", "inconclusive"]) == 3
    assert exit_code_of(["analyze", str(short), str(leaking), "--fail-on", "inconclusive"]) == 1
    assert exit_code_of(["analyze", str(leaking), "--fail-on", "never"]) == 0


def test_growth_below_the_threshold_is_no_leak(leaking: Path) -> None:
    assert exit_code_of(["analyze", str(leaking), "--threshold", "400"]) == 0


def test_text_names_the_file_the_verdict_and_the_growth(leaking: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code_of(["analyze", str(leaking)])
    printed = capsys.readouterr().out
    assert printed.startswith(f"{leaking}: leak\n")
    assert re.search(r"^  growth .* KiB/min of the heap$", printed, re.MULTILINE)
    assert "bytes per payment" in printed


def test_json_holds_every_field(leaking: Path, short: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code_of(["analyze", str(leaking), str(short), "--json"])
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["verdict"] for run in runs] == ["leak", "inconclusive"]
    assert runs[0]["file"] == str(leaking)
    assert (
        runs[0]["growth_kib_per_min"]["low"] < 100 < runs[0]["growth_kib_per_min"]["high"]
    )  # the heap, half of it, decides
    assert runs[1]["would_decide"]


def test_markdown_is_a_table_with_a_row_per_file(
    clean: Path, leaking: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code_of(["analyze", str(clean), str(leaking), "--markdown"])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert "**no leak**" in rows[2]
    assert "**leak**" in rows[3]


def test_junit_has_a_failure_per_leak(tmp_path: Path, clean: Path, leaking: Path, short: Path) -> None:
    junit = tmp_path / "junit.xml"
    exit_code_of(["analyze", str(clean), str(leaking), str(short), "--junit", str(junit)])
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert [case.find("failure") is not None for case in suite] == [False, True, False]


def test_a_damaged_file_is_named_with_line_and_column(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = clean.read_text().splitlines()
    lines[4] = lines[4].replace(",30.00,", ",soon,")
    clean.write_text("\n".join(lines) + "\n")
    assert exit_code_of(["analyze", str(clean)]) == 2
    assert f"{clean}, line 5, column elapsed_sec: expected a number" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_says_so(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["analyze", str(clean), "--junit", str(clean / "junit.xml")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_a_full_disk_leaves_the_junit_file_as_it_was(
    tmp_path: Path, clean: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    junit = tmp_path / "junit.xml"
    junit.write_text("before")
    fill(monkeypatch)
    assert exit_code_of(["analyze", str(clean), "--junit", str(junit)]) == 2
    assert f"cannot write {junit}: No space left on device" in capsys.readouterr().err
    assert junit.read_text() == "before"


def test_compare_fails_when_b_is_worse(clean: Path, leaking: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["compare", str(clean), str(leaking)]) == 1
    assert f"{leaking} is worse than {clean}" in capsys.readouterr().out
    assert exit_code_of(["compare", str(leaking), str(clean)]) == 0
    assert "not shown to be worse" in capsys.readouterr().out
    assert exit_code_of(["compare", str(clean), str(clean), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparisons"][0]["worse"] is False


def test_compare_takes_a_baseline(clean: Path, leaking: Path) -> None:
    assert exit_code_of(["compare", "--baseline", str(clean), str(leaking)]) == 1
    generous = ["--tolerance", "500", "--level-tolerance", "100"]
    assert exit_code_of(["compare", "--baseline", str(clean), str(leaking), *generous]) == 0
    assert exit_code_of(["compare", str(clean)]) == 2
