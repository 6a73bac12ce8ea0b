"""A real run of the real SDK on the local network: scraped while it runs, CSV, report, exit code."""

import os
import re
import signal
import subprocess

import pytest
from running_exporter import PAID, RunningExporter, Start, assert_all_gone, rows_of, value_of, wait_until

from exporter.record.columns import COLUMNS

pytestmark = pytest.mark.e2e

LOAD = ("--interval", "0s", "--mem-interval", "1s", "--csv", "out.csv")
ENDLESS = ("--duration", "1h", *LOAD)
ENOUGH_PAYMENTS = 20
ENOUGH_SAMPLES = 10


def has_enough(running: RunningExporter) -> bool:
    rows = rows_of(running)
    payments, at_rest = int(rows[-1]["payments"]), rows[-1]["settled"] == "1"
    return payments >= ENOUGH_PAYMENTS and len(rows) >= ENOUGH_SAMPLES and not at_rest


def test_a_run_is_scraped_and_recorded_until_ctrl_c(start: Start, promtool: str) -> None:
    running = start(*ENDLESS)
    assert value_of(running.scrape(), 'memtest_up{driver="python"}') in (0, 1)
    running.wait_for("Phase: connecting")
    before_the_first_payment = running.scrape()
    assert value_of(before_the_first_payment, 'memtest_payments_total{driver="python",rail="spark"}') == 0
    running.wait_for(PAID)
    wait_until(lambda: has_enough(running), "payments and samples in the CSV")
    metrics = running.scrape()
    children = running.children()
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.output + running.errors
    assert_all_gone(children)

    checked = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    assert value_of(metrics, 'memtest_up{driver="python"}') == 1
    assert value_of(metrics, 'memtest_payments_total{driver="python",rail="spark"}') >= ENOUGH_PAYMENTS
    assert value_of(metrics, 'memtest_payment_failures_total{driver="python",rail="spark"}') == 0
    assert value_of(metrics, 'memtest_resident_memory_bytes{driver="python"}') > 20e6
    assert value_of(metrics, 'memtest_heap_bytes{driver="python",heap="native"}') > 0

    rows = rows_of(running)
    assert list(rows[0]) == list(COLUMNS)
    assert all(int(row["rss_bytes"]) > 20e6 and int(row["heap_allocated_bytes"]) > 0 for row in rows)
    elapsed = [float(row["elapsed_sec"]) for row in rows]
    assert elapsed == sorted(elapsed)
    # The first and the last come with the load's start and end; of the others there is one in a second.
    regular = [int(float(row["elapsed_sec"])) for row in rows if row["settled"] == "0"][1:-1]
    assert sorted(set(regular)) == regular
    payments = [int(row["payments"]) for row in rows]
    assert payments == sorted(payments)
    assert payments[0] == 0
    assert {row["payment_failures"] for row in rows} == {"0"}
    assert rows[-1]["phase"] in ("running", "stopping")
    assert not re.search(r"\[.*left", running.output[running.output.index("Stopping") :])
    assert "Verdict: " in running.output
    assert f"{payments[-1]} spark, 0 failed" in running.output


def test_a_run_ends_and_is_judged_when_its_time_is_over(start: Start) -> None:
    running = start("--duration", "10s", *LOAD, "--run-name", "e2e")
    running.wait_for("Phase: connecting")
    children = running.children()
    assert running.finish() == 0, running.output + running.errors
    assert "run e2e" in running.output
    assert "duration=10s" in running.output
    assert re.search(r"Verdict: (no leak|inconclusive)\n", running.output)
    last = rows_of(running)[-1]
    assert float(last["elapsed_sec"]) >= 10
    assert last["settled"] == "1"
    assert f"{last['payments']} spark, 0 failed" in running.output
    assert_all_gone(children)


def test_two_ctrl_c_end_everything_at_once(start: Start) -> None:
    running = start(*ENDLESS)
    running.wait_for(PAID)
    children = running.children()
    os.kill(running.child("exporter.drivers.breez").pid, signal.SIGSTOP)  # so that it can't finish a payment
    running.signal(signal.SIGINT)
    running.wait_for("Stopping")

    def ended_by_another() -> bool:
        running.signal(signal.SIGINT)
        return running.process.poll() is not None

    wait_until(ended_by_another, "the end at a later Ctrl-C")
    assert running.finish() == 130
    assert "Verdict" not in running.output
    assert rows_of(running)
    assert_all_gone(children)


def test_a_signal_that_arrives_twice_keeps_report_and_csv(start: Start) -> None:
    running = start(*ENDLESS)
    running.wait_for(PAID)
    for _ in range(2):
        running.signal(signal.SIGTERM)
    assert running.finish() == 130
    assert "Verdict: " in running.output
    assert rows_of(running)[-1]["settled"] == "1"


def test_a_subject_that_is_killed_is_exit_code_4_with_report_and_csv(start: Start) -> None:
    running = start(*ENDLESS)
    running.wait_for(PAID)
    children = running.children()
    running.child("exporter.drivers.breez").kill()
    assert running.finish() == 4
    assert "killed by SIGKILL" in running.output
    assert "Verdict: " in running.output
    assert rows_of(running)[-1]["rss_bytes"] == ""
    assert_all_gone(children)


def test_a_network_that_is_killed_is_exit_code_5_with_report_and_csv(start: Start) -> None:
    running = start(*ENDLESS)
    running.wait_for(PAID)
    children = running.children()
    running.child("exporter.network").kill()
    assert running.finish() == 5
    assert "the local network ended" in running.output
    assert int(rows_of(running)[-1]["rss_bytes"]) > 0
    assert_all_gone(children)


def test_a_killed_observer_leaves_no_orphan_and_a_whole_csv(start: Start) -> None:
    running = start(*ENDLESS)
    running.wait_for(PAID)
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
