"""Several bindings at once, on one network and under the same load."""

import re
import signal

import pytest
from running_exporter import (
    RunningExporter,
    Start,
    assert_all_gone,
    growth_at_rest,
    read_to_plot,
    rows_at_rest,
    wait_until,
)

pytestmark = pytest.mark.e2e

DRIVERS = ("python", "go")
ENOUGH_AT_REST = 7
LOAD = ("--duration", "1h", "--interval", "0s", "--mem-interval", "1s", "--settle-min-gap", "0s", "--csv", "out.csv")


def begin(start: Start, *args: str) -> RunningExporter:
    return start(*LOAD, *(arg for driver in DRIVERS for arg in ("--driver", driver)), *args)


def totals(running: RunningExporter, metric: str) -> dict[str, list[float]]:
    """The series of a counter by driver."""
    found = re.findall(rf'^{metric}{{driver="(\w+)"[^}}]*}} (\S+)$', running.scrape(), re.MULTILINE)
    return {driver: [float(value) for name, value in found if name == driver] for driver in DRIVERS}


def test_they_pay_on_every_rail_and_are_compared(start: Start) -> None:
    running = begin(start, "--payment-type", "both")
    running.wait_for("Load for")

    def paid() -> bool:
        return all(len(rails) == 2 and min(rails) >= 5 for rails in totals(running, "memtest_payments_total").values())

    wait_until(paid, "payments on both rails by every driver")
    children = running.children()
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert_all_gone(children)
    assert re.search(r"Side by side\n +driver +verdict.*\n +python .*\n +go ", running.output)
    assert re.search(r"^go is (not shown to be )?worse than python$", running.output, re.MULTILINE)
    for driver in DRIVERS:
        points = read_to_plot(running, f"out.{driver}.csv")
        assert [minutes for minutes, _, _ in points] == sorted(minutes for minutes, _, _ in points)
        assert all(resident > heap > 0 for _, resident, heap in points)


def grown(start: Start, reconnecting: str) -> dict[str, int]:
    """How much malloc's heap has grown in each driver after so many samples at rest."""
    running = begin(start, reconnecting, "--reconnect-every", "4", "--settle-every", "4")
    files = {driver: f"out.{driver}.csv" for driver in DRIVERS}

    def enough() -> bool:
        return all(len(rows_at_rest(running, name)) >= ENOUGH_AT_REST for name in files.values())

    wait_until(enough, "samples at rest")
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    return {driver: growth_at_rest(running, "heap_native_bytes", name) for driver, name in files.items()}


def test_abandoned_instances_are_told_from_clean_reconnects_in_each(start: Start) -> None:
    abandoned, clean = grown(start, "--abandon-instances"), grown(start, "--reconnect-cycles")
    for driver in DRIVERS:
        assert abandoned[driver] > 1_000_000
        assert clean[driver] < abandoned[driver] / 4
