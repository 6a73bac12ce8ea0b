"""A real run of the real SDK on the local network: scraped while it runs, CSV, report, exit code."""

import csv
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from running_exporter import Start, assert_all_gone

from exporter.samples import COLUMNS

pytestmark = pytest.mark.e2e

SHORT = ("--duration", "20s", "--interval", "0s", "--mem-interval", "2s")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def value_of(metrics: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", metrics, re.MULTILINE)
    assert found, f"{series} is not among the metrics"
    return float(found[1])


def test_a_run_is_scraped_recorded_and_judged(start: Start, promtool: str) -> None:
    running = start(*SHORT, "--csv", "out.csv", "--run-name", "e2e")
    assert value_of(running.scrape(), 'memtest_up{driver="python"}') in (0, 1)
    running.wait_for("Phase: connecting")
    before_the_first_payment = running.scrape()
    assert value_of(before_the_first_payment, 'memtest_payments_total{driver="python",rail="spark"}') == 0
    running.wait_for(r"\[00:00:0[4-9]\].*Payments=[1-9]")
    metrics = running.scrape()
    children = running.children()
    assert running.finish() == 0, running.output + running.errors

    checked = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    assert value_of(metrics, 'memtest_up{driver="python"}') == 1
    assert value_of(metrics, 'memtest_payments_total{driver="python",rail="spark"}') > 0
    assert value_of(metrics, 'memtest_payment_failures_total{driver="python",rail="spark"}') == 0
    assert value_of(metrics, 'memtest_resident_memory_bytes{driver="python"}') > 20e6
    assert value_of(metrics, 'memtest_heap_bytes{driver="python",heap="native"}') > 0

    rows = rows_of(running.directory / "out.csv")
    assert list(rows[0]) == list(COLUMNS)
    regular = [row for row in rows if row["settled"] == "0"]
    assert 9 <= len(regular) <= 12
    assert [row for row in rows if row["settled"] == "1"]
    assert all(int(row["rss_bytes"]) > 20e6 and int(row["heap_allocated_bytes"]) > 0 for row in rows)
    elapsed = [float(row["elapsed_sec"]) for row in rows]
    assert elapsed == sorted(elapsed)
    assert elapsed[0] < 1
    assert elapsed[-1] >= 20
    payments = [int(row["payments"]) for row in rows]
    assert payments == sorted(payments)
    assert payments[0] == 0
    assert payments[-1] >= 20
    assert {row["payment_failures"] for row in rows} == {"0"}

    assert "run e2e" in running.output
    assert "duration=20s" in running.output
    assert re.search(r"Verdict: (no leak|inconclusive)\n", running.output)
    assert f"{payments[-1]} spark, 0 failed" in running.output
    assert_all_gone(children)


def test_ctrl_c_ends_the_load_and_keeps_report_and_csv(start: Start) -> None:
    running = start("--duration", "1h", "--interval", "0s", "--mem-interval", "1s", "--csv", "out.csv")
    running.wait_for(r"\[00:00:0[3-9]\].*Payments=[1-9]")
    children = running.children()
    running.signal(signal.SIGINT)
    assert running.finish() == 130
    rows = rows_of(running.directory / "out.csv")
    assert rows[-1]["phase"] in ("running", "stopping")
    assert "Verdict: " in running.output
    assert f"{rows[-1]['payments']} spark" in running.output
    assert_all_gone(children)


def test_two_ctrl_c_end_everything_at_once(start: Start) -> None:
    running = start("--duration", "1h", "--interval", "0s", "--mem-interval", "1s", "--csv", "out.csv")
    running.wait_for(r"\[00:00:0[1-9]\]")
    children = running.children()
    os.kill(running.child("exporter.drivers.breez").pid, signal.SIGSTOP)  # so that it can't finish a payment
    running.signal(signal.SIGINT)
    running.wait_for("Stopping")
    running.signal(signal.SIGINT)
    assert running.finish() == 130
    assert "Verdict" not in running.output
    assert rows_of(running.directory / "out.csv")
    assert_all_gone(children)


def test_a_subject_that_is_killed_is_exit_code_4_with_report_and_csv(start: Start) -> None:
    running = start("--duration", "1h", "--interval", "0s", "--mem-interval", "1s", "--csv", "out.csv")
    running.wait_for(r"\[00:00:0[2-9]\].*Payments=[1-9]")
    children = running.children()
    running.child("exporter.drivers.breez").kill()
    assert running.finish() == 4
    assert "killed by SIGKILL" in running.output
    assert "Verdict: " in running.output
    assert rows_of(running.directory / "out.csv")[-1]["rss_bytes"] == ""
    assert_all_gone(children)


def test_a_network_that_is_killed_is_exit_code_5_with_report_and_csv(start: Start) -> None:
    running = start("--duration", "1h", "--interval", "0s", "--mem-interval", "1s", "--csv", "out.csv")
    running.wait_for(r"\[00:00:0[2-9]\].*Payments=[1-9]")
    children = running.children()
    running.child("exporter.network").kill()
    assert running.finish() == 5
    assert "the local network ended" in running.output
    assert int(rows_of(running.directory / "out.csv")[-1]["rss_bytes"]) > 0
    assert_all_gone(children)


def test_a_killed_observer_leaves_no_orphan_and_a_whole_csv(start: Start) -> None:
    running = start("--duration", "1h", "--interval", "0s", "--mem-interval", "500ms", "--csv", "out.csv")
    running.wait_for(r"\[00:00:0[2-9]\].*Payments=[1-9]")
    children = running.children()
    assert len(children) >= 2
    running.signal(signal.SIGKILL)
    assert running.finish() == -signal.SIGKILL
    assert_all_gone(children)
    text = (running.directory / "out.csv").read_text()
    assert text.endswith("\n")
    assert {line.count(",") for line in text.splitlines()} == {len(COLUMNS) - 1}


def test_sigterm_while_starting_ends_cleanly(start: Start) -> None:
    running = start("--duration", "1h")
    running.wait_for("Local network: ready")
    children = running.children()
    running.signal(signal.SIGTERM)
    assert running.finish() == 130
    assert_all_gone(children)
