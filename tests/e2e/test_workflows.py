"""The workflows are what GitHub takes, and the scripts beside them what a shell takes."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


def test_shellcheck_finds_nothing() -> None:
    scripts = [path for path in (ROOT / "tools").rglob("*") if path.is_file() and is_script(path)]
    assert len(scripts) >= 5
    done = subprocess.run(
        ["shellcheck", "--severity", "warning", *scripts, ROOT / ".ci" / "run"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def is_script(path: Path) -> bool:
    return "node_modules" not in path.parts and path.read_bytes().startswith(b"#!/usr/bin/env bash")


def test_actionlint_finds_nothing() -> None:
    built = ROOT / ".tools" / "bin" / "actionlint"
    actionlint = shutil.which("actionlint") or (str(built) if built.exists() else None)
    assert actionlint is not None, "actionlint is missing: make tools"
    done = subprocess.run([actionlint, "-no-color"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
