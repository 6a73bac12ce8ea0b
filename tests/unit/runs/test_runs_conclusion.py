"""What several subjects come to together."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporter.errors import SubjectError
from exporter.record.columns import COLUMNS
from exporter.record.state import LoadCounters, SubjectState
from exporter.record.terms import Verdict
from exporter.runs.conclusion import Measured, conclude, gravest

START = datetime(2026, 1, 2, tzinfo=UTC)


def measured(
    directory: Path, driver: str, kib_per_min: float, minutes: int = 30, reconnects_per_min: int = 0
) -> Measured:
    """A subject that has grown so fast, one sample at rest every 10 s."""
    path = directory / f"{driver}.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="")
        writer.writeheader()
        for second in range(0, 60 * minutes + 1, 10):
            heap = 10_000_000 + int(kib_per_min * 1024 * second / 60) + (second // 10 * 7919) % 5000
            row = {"rss_bytes": heap + 30_000_000, "heap_allocated_bytes": heap, "heap_native_bytes": heap}
            writer.writerow(
                row
                | {"timestamp": (START + timedelta(seconds=second)).isoformat(), "elapsed_sec": second}
                | {"payments": second, "payment_failures": 0, "listeners": 2, "instances": 2}
                | {"phase": "running", "settled": 1, "reconnects": second * reconnects_per_min // 60}
            )
    return Measured(SubjectState(driver, load=LoadCounters(payments=Counter(spark=60 * minutes))), path, None)


def test_the_twins_are_told_apart_side_by_side(tmp_path: Path) -> None:
    ended = conclude([measured(tmp_path, "python", 0), measured(tmp_path, "go", 300)], 0.5)
    assert ended.verdict == "leak"
    assert ended.reason.startswith("go: ")
    assert ended.error is None
    assert "Driver python\n" in ended.report
    assert "go is worse than python" in ended.report
    assert "In short: go grows faster in the SDK's core, or the binding's native side" in ended.report
    assert [str(each.judgement.verdict) for each in ended.subjects] == ["no leak", "leak"]


def test_equal_subjects_are_not_told_apart(tmp_path: Path) -> None:
    ended = conclude([measured(tmp_path, "python", 0), measured(tmp_path, "go", 0)], 0.5)
    assert ended.verdict == "no leak"
    assert "go is not shown to be worse than python" in ended.report
    assert "In short: no difference in growth is shown" in ended.report


def test_growth_is_told_per_reconnect_too_where_there_were_any(tmp_path: Path) -> None:
    ended = conclude([measured(tmp_path, "python", 300, reconnects_per_min=1), measured(tmp_path, "go", 0)], 0.5)
    _, _, table = ended.report.partition("Side by side")
    head, python, go = table.splitlines()[1:4]
    assert head.split("  ")[-1].strip() == "bytes per reconnect"
    assert float(python.split()[-4].replace(",", "")) == pytest.approx(300 * 1024, rel=0.01)
    assert go.split()[-1] == "?"


def test_one_subject_is_not_compared(tmp_path: Path) -> None:
    ended = conclude([measured(tmp_path, "python", 0)], 0.5)
    assert "Side by side" not in ended.report
    assert ended.report.count("Verdict: ") == 1


def test_a_subject_that_died_is_the_run_s_error(tmp_path: Path) -> None:
    dead = Measured(SubjectState("go"), measured(tmp_path, "go", 0).csv, SubjectError("driver 'go' ended"))
    ended = conclude([measured(tmp_path, "python", 0), dead], 0.5)
    assert ended.error is dead.error


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({"a": Verdict.NO_LEAK, "b": Verdict.NO_LEAK}, Verdict.NO_LEAK),
        ({"a": Verdict.NO_LEAK, "b": Verdict.INCONCLUSIVE}, Verdict.INCONCLUSIVE),
        ({"a": Verdict.LEAK, "b": Verdict.INCONCLUSIVE}, Verdict.LEAK),
    ],
)
def test_the_gravest_verdict_is_the_run_s(verdicts: dict[str, Verdict], expected: Verdict) -> None:
    assert gravest({name: (verdict, "why") for name, verdict in verdicts.items()}, named=True)[0] == expected


def test_what_a_watched_harness_says_stands_beside_the_verdict(tmp_path: Path) -> None:
    watched = measured(tmp_path, "memtest", 0)
    own = tmp_path / "go.csv"
    rows = "".join(f"t,{30 * row},{60_000_000 + 100_000 * row},5000000\n" for row in range(20))
    own.write_text("timestamp,elapsed_sec,rss_bytes,heap_inuse_bytes\n" + rows)
    ended = conclude([replace(watched, harness_csv=own)], None)
    assert ended.verdict == "no leak"
    assert "the harness says leak (its own rule: one line through all samples, +195.3 KiB/min" in ended.report
    own.write_text("timestamp,elapsed_sec\nt,much\n")
    assert "what the harness says can't be told: " in conclude([replace(watched, harness_csv=own)], None).report
