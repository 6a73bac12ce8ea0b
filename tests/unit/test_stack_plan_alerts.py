"""The alert on plans, by promtool: it counts leaking cells by scenario, also those that are gone, and no other runs."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack_tools import PROMETHEUS, program

pytestmark = pytest.mark.system

MINUTES = 20


def run(instance: str, leak: int, **labels: str) -> list[dict[str, Any]]:
    """A run that is seen for ten minutes, and its verdict."""
    more = "".join(f', {name}="{value}"' for name, value in labels.items())
    target = f'job="memtest", instance="{instance}"'
    return [
        {"series": f"memtest_run_info{{{target}{more}}}", "values": "1x9 stale"},
        {"series": f'memtest_verdict{{{target}, memtest_verdict="leak"}}', "values": f"{leak}x9 stale"},
    ]


def fired(tmp_path: Path, *series: list[dict[str, Any]], expected: list[dict[str, str]]) -> None:
    """Fail unless just these alerts fire ten minutes after the last run was seen."""
    test = {
        "interval": "1m",
        "input_series": [each for several in series for each in several],
        "promql_expr_test": [
            {
                "expr": 'ALERTS{alertname="MemtestPlanLeaks"}',
                "eval_time": f"{MINUTES}m",
                "exp_samples": [{"labels": _alert(**each), "value": 1} for each in expected],
            }
        ],
    }
    document = {"rule_files": [str(PROMETHEUS / "rules" / "alerts.yml")], "evaluation_interval": "1m", "tests": [test]}
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump(document))
    done = subprocess.run([program("promtool"), "test", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _alert(plan: str, scenario: str) -> str:
    labels = {"alertname": "MemtestPlanLeaks", "alertstate": "firing", "severity": "warning", "evidence": "verdict"}
    said = (f'{name}="{value}"' for name, value in (labels | {"plan": plan, "scenario": scenario}).items())
    return f"ALERTS{{{', '.join(said)}}}"


def test_it_fires_for_a_scenario_whose_cells_leak_though_they_are_gone(tmp_path: Path) -> None:
    fired(
        tmp_path,
        run("a", 1, plan="nightly", scenario="reconnecting", cell="0"),
        run("b", 1, plan="nightly", scenario="reconnecting", cell="1"),
        run("c", 0, plan="nightly", scenario="steady", cell="2"),
        expected=[{"plan": "nightly", "scenario": "reconnecting"}],
    )


def test_it_does_not_fire_for_cells_that_are_clean_nor_for_runs_of_no_plan(tmp_path: Path) -> None:
    fired(
        tmp_path,
        run("a", 0, plan="nightly", scenario="steady", cell="0"),
        run("b", 1),
        expected=[],
    )
