"""The field test's own parts: what it keeps of a run, and the rules that it sets beside the product's."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from field.cases import HERE
from field.recording import thinned
from field.rules import Line, mann_kendall, straight_line

from exporter.analysis.series import Run
from exporter.record.terms import Verdict

MIB = 1 << 20


def watched(kib_per_min: float) -> Run:
    seconds = np.arange(0.0, 900, 10)
    noise = 50_000 * np.random.default_rng(4).standard_normal(len(seconds))
    return Run.of("watched", elapsed_sec=seconds, rss_bytes=40 * MIB + kib_per_min * 1024 / 60 * seconds + noise)


def test_keeps_a_row_every_four_seconds() -> None:
    rows = [["timestamp", "elapsed_sec"], *(["", str(0.2 + second)] for second in range(10))]
    assert thinned(rows) == "timestamp,elapsed_sec\n,0.2\n,4.2\n,8.2\n"


@pytest.mark.parametrize("rule", [straight_line, mann_kendall])
@pytest.mark.parametrize(("kib_per_min", "expected"), [(0, Verdict.NO_LEAK), (500, Verdict.LEAK)])
def test_the_other_rules_tell_a_plain_leak_from_noise(
    rule: Callable[[Run], Line], kib_per_min: float, expected: Verdict
) -> None:
    assert rule(watched(kib_per_min)).verdict is expected


@pytest.mark.processes
@pytest.mark.parametrize(("operation", "kept"), [("KEPT.append", 1000), ("len", 0)])
def test_a_driven_subject_does_its_operation_for_each_payment(tmp_path: Path, operation: str, kept: int) -> None:
    program = tmp_path / "keeping.py"
    program.write_text(f"from steady import steadily\nKEPT = []\nsteadily(lambda: {operation}(bytes(1000)))\n")
    paths = [str(HERE / "subjects" / "python"), str(HERE.parents[1])]
    with subprocess.Popen(
        [sys.executable, str(program), "--driven"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        text=True,
    ) as driver:
        assert driver.stdin is not None
        print(json.dumps({"protocol": 1}), file=driver.stdin, flush=True)
        before = heap_after(driver, payments=10)
        grown = heap_after(driver, payments=200) - before
        driver.stdin.close()
    assert abs(grown / 200 - kept) < 100
    assert driver.returncode == 0


def heap_after(driver: "subprocess.Popen[str]", *, payments: int) -> int:
    """The heap in bytes, garbage collected, once so many payments were made one after another."""
    for _ in range(payments):
        answer(driver, "pay")
    answer(driver, "collect_garbage")
    return sum(answer(driver, "measure")["heap_bytes"].values())


def answer(driver: "subprocess.Popen[str]", command: str) -> dict[str, Any]:
    """What the driver answers to a command; it must be able to do it."""
    assert driver.stdin is not None
    assert driver.stdout is not None
    print(json.dumps({"id": 1, "do": command}), file=driver.stdin, flush=True)
    told: dict[str, Any] = next(message for line in driver.stdout if (message := json.loads(line))["type"] == "done")
    assert told["ok"]
    return told
