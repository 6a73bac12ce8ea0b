"""The alerts, by promtool, on the shapes of real leaks and of what only looks like one.

A leak's alerts fire within the time given, in minutes under load; an impostor's never do.
"""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack_shapes import (
    KIB,
    LENGTH_MINUTES,
    MIB,
    PAYMENTS_PER_MINUTE,
    STEP_SECONDS,
    Soak,
    always,
    both,
    flat,
    linear,
    per_history_list,
    per_payment,
    per_reconnect,
    plateau,
    sawtooth,
    steps,
    until,
    wandering,
    warm_up,
)
from stack_tools import PROMETHEUS, ROOT, RULES, program

pytestmark = pytest.mark.system


def rules_of(path: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for path in RULES for rule in rules_of(path) if "alert" in rule}


RESIDENT, HEAP, PER_PAYMENT = "MemtestRawResidentMemoryGrowing", "MemtestRawHeapGrowing", "MemtestRawGrowthPerPayment"
DESCRIPTORS, THREADS, MEMORY = "MemtestRawDescriptorsGrowing", "MemtestRawThreadsGrowing", "MemtestOutOfMemorySoon"

HISTORY = per_history_list(48)

# What fires, and when at the latest.
LEAKS: dict[str, tuple[Soak, dict[str, int]]] = {
    "handlers own the SDK: 115 KB per reconnect": (
        Soak(resident=per_reconnect(115e3), heap=per_reconnect(115e3)),
        {PER_PAYMENT: 50},
    ),
    "instance never disconnected: 430 KiB and two descriptors per reconnect": (
        Soak(resident=per_reconnect(430 * KIB), heap=per_reconnect(430 * KIB), descriptors=per_reconnect(2)),
        {PER_PAYMENT: 50, HEAP: 50, RESIDENT: 50, DESCRIPTORS: 50},
    ),
    "background processor outlives the disconnect: a thread per reconnect": (
        Soak(threads=per_reconnect(1)),
        {THREADS: 50},
    ),
    "future's handle not freed: 256 bytes per payment": (
        Soak(resident=per_payment(256), heap=per_payment(256)),
        {PER_PAYMENT: 50},
    ),
    "listener lost when a payment fails: 128 KiB each": (
        Soak(
            resident=linear(0.5 * 128 * KIB),
            heap=linear(0.5 * 128 * KIB),
            paid=linear(PAYMENTS_PER_MINUTE - 0.5),
            failed=linear(0.5),
        ),
        {PER_PAYMENT: 50, HEAP: 50, RESIDENT: 50},
    ),
    "lists not destroyed: bytes per listed payment": (
        Soak(resident=HISTORY, heap=HISTORY),
        {PER_PAYMENT: 50, HEAP: 50, RESIDENT: 50},
    ),
    "outside every heap: 100 KB per minute": (Soak(resident=linear(100e3)), {RESIDENT: 50}),
    "70 MB per minute, out of memory in 6 hours": (
        Soak(resident=linear(70e6), heap=linear(70e6)),
        {PER_PAYMENT: 50, HEAP: 50, RESIDENT: 50, MEMORY: 45},
    ),
    "900 MB per minute, out of memory in half an hour": (
        Soak(resident=until(20, linear(900e6))),
        {MEMORY: 5},
    ),
}

IMPOSTORS = {
    "nothing": Soak(),
    "nothing at all, not even noise": Soak(noise=False),
    "warm-up of a minute": Soak(resident=warm_up(60 * MIB, 1), heap=warm_up(30 * MIB, 1)),
    "warm-up of 5 minutes": Soak(resident=warm_up(60 * MIB, 5), heap=warm_up(30 * MIB, 5)),
    "warm-up of 15 minutes": Soak(resident=warm_up(60 * MIB, 15), heap=warm_up(30 * MIB, 15)),
    "arenas": Soak(resident=steps(8 * MIB, 2, 5, 9, 30, 70)),
    "garbage collection every 3 minutes": Soak(
        resident=sawtooth(30 * MIB, 3), heap=sawtooth(30 * MIB, 3), settled_heap=flat
    ),
    "finalizers that run late, every 25 minutes": Soak(
        resident=sawtooth(30 * MIB, 25), heap=sawtooth(30 * MIB, 25), settled_heap=flat
    ),
    "late single step": Soak(resident=steps(20 * MIB, 50), heap=steps(20 * MIB, 50)),
    "memory that the allocator keeps": Soak(
        resident=plateau(200 * MIB, 20), heap=until(20, plateau(200 * MIB, 20), after=0)
    ),
    "wandering": Soak(resident=wandering(1 * MIB, 0.9, 11)),
    "descriptors and threads of a pool that fills": Soak(descriptors=plateau(40, 12), threads=plateau(8, 12)),
    "a restart with less memory, after the end of a run": Soak(
        resident=both(linear(20 * KIB), until(50, always(30 * MIB), after=0)),
        subject_start=until(50, always(0), after=3000),
        finished=lambda minutes: float(45 <= minutes < 50),
        running=lambda minutes: float(not 45 <= minutes < 50),
    ),
}

# A run of 12 minutes that is still served after its end, as the stack does for a day.
SHORT = Soak(
    running=until(12, always(1), after=0),
    subject_up=until(12, always(1), after=0),
    finished=until(12, always(0), after=1),
    load_end=always(720),
    resident=until(12, linear(64 * KIB)),
    paid=until(12, linear(PAYMENTS_PER_MINUTE), after=12 * PAYMENTS_PER_MINUTE),
    last_sample=until(12, linear(60), after=720),
    verdict_time=until(12, linear(60), after=720),
)

RUNS: dict[str, tuple[Soak, dict[str, int]]] = {
    "judged a leak": (Soak(verdict="leak"), {"MemtestLeak": 1}),
    "judged a leak after 12 minutes": (replace(SHORT, verdict="leak"), {"MemtestLeak": 1}),
    "judged no leak after 12 minutes": (replace(SHORT, verdict="no_leak"), {}),
    "stopped before its time": (replace(SHORT, verdict="no_leak", load_end=always(4 * 3600)), {}),
    "verdict no longer computed": (
        Soak(verdict_time=until(30, linear(60), after=1800)),
        {"MemtestVerdictMissing": 37},
    ),
    "verdict never computed": (Soak(verdict_time=lambda _: None), {"MemtestVerdictMissing": 7}),
    "judged no leak": (Soak(verdict="no_leak"), {}),
    "judged inconclusive": (Soak(verdict="inconclusive"), {}),
    "sync hangs": (Soak(paid=plateau(480, 40)), {"MemtestPaymentsStalled": 48}),
    "every sixth payment fails": (Soak(paid=linear(10), failed=linear(2)), {"MemtestPaymentFailures": 8}),
    "subject killed": (
        Soak(subject_up=until(30, always(1), after=0), running=until(30, always(1), after=0), resident=until(30, flat)),
        {"MemtestSubjectDown": 32},
    ),
    "subject started again": (
        Soak(subject_start=until(30, always(0), after=1800)),
        {"MemtestSubjectRestarted": 31},
    ),
    "disk full": (Soak(csv_errors=linear(2)), {"MemtestSamplesNotWritten": 4}),
    "no sample any more": (Soak(last_sample=until(30, linear(60), after=1800)), {"MemtestSamplesNotWritten": 38}),
    "exporter gone": (Soak(scraped=until(30, always(1), after=0)), {"MemtestExporterDown": 32}),
    "exporter gone after the run": (
        Soak(
            scraped=until(60, always(1), after=0),
            load_end=until(60, always(3000)),
            running=until(50, always(1), after=0),
        ),
        {},
    ),
}


def promtool_says(directory: Path, soak: Soak, queries: list[tuple[str, int, list[dict[str, Any]]]]) -> str:
    """Run the rules over a run; return promtool's complaint about the queries' results, or nothing."""
    document = {
        "rule_files": [str(path) for path in RULES],
        "evaluation_interval": f"{STEP_SECONDS}s",
        "tests": [
            {
                "interval": f"{STEP_SECONDS}s",
                "input_series": [{"series": name, "values": values} for name, values in soak.series().items()],
                "promql_expr_test": [
                    {"expr": query, "eval_time": f"{minute}m", "exp_samples": samples}
                    for query, minute, samples in queries
                ],
            }
        ],
    }
    path = directory / "test.yml"
    path.write_text(yaml.safe_dump(document, width=1 << 20))
    done = subprocess.run([program("promtool"), "test", "rules", path], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def fires_as_said(directory: Path, soak: Soak, latest: dict[str, int]) -> None:
    """Fail unless exactly these alerts fire, each of them at the latest at its minute."""
    ever = 'max by (alertname) (max_over_time(ALERTS{alertstate="firing"}[1d]))'
    queries: list[tuple[str, int, list[dict[str, Any]]]] = [
        (ever, LENGTH_MINUTES, [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in latest])
    ]
    for alert, minute in latest.items():
        seen = f'max(max_over_time(ALERTS{{alertname="{alert}",alertstate="firing"}}[1d]))'
        queries.append((seen, minute, [{"labels": "{}", "value": 1}]))
    assert promtool_says(directory, soak, queries) == ""


@pytest.mark.parametrize("name", LEAKS)
def test_leak_fires_in_time(tmp_path: Path, name: str) -> None:
    fires_as_said(tmp_path, *LEAKS[name])


@pytest.mark.parametrize("name", IMPOSTORS)
def test_impostor_stays_silent(tmp_path: Path, name: str) -> None:
    fires_as_said(tmp_path, IMPOSTORS[name], {})


@pytest.mark.parametrize("name", RUNS)
def test_state_of_the_run_fires_in_time(tmp_path: Path, name: str) -> None:
    fires_as_said(tmp_path, *RUNS[name])


def test_configuration_and_rules_are_sound() -> None:
    done = subprocess.run(
        [program("promtool"), "check", "config", PROMETHEUS / "prometheus.yml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(RULES)} rule files found" in done.stdout


def test_every_alert_is_tried_here() -> None:
    tried = {alert for soaks in (LEAKS, RUNS) for _, latest in soaks.values() for alert in latest}
    # The alert on plans, which are several runs, is tried in test_stack_plan_alerts.
    assert tried | {"MemtestPlanLeaks"} == set(alerts())


@pytest.mark.parametrize("name", alerts())
def test_alert_says_how_bad_it_is_and_what_to_do(name: str) -> None:
    alert = alerts()[name]
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    # What the raw alerts say is no more than a hint.
    assert name.startswith("MemtestRaw") == (alert["labels"]["severity"] == "info")
    assert alert["annotations"]["summary"]
    assert len(alert["annotations"]["description"].split(".")) > 1
    base, _, section = alert["annotations"]["runbook_url"].partition("#")
    assert base == "{{ $externalLabels.runbook_url }}"
    page = (ROOT / "docs" / "runbook.md").read_text()
    assert f"## {name}\n" in page
    assert section == name.lower()
