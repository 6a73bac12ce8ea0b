"""The workflows are what GitHub takes, scripts and expressions included."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


def test_actionlint_finds_nothing() -> None:
    built = ROOT / ".tools" / "bin" / "actionlint"
    actionlint = shutil.which("actionlint") or (str(built) if built.exists() else None)
    assert actionlint is not None, "actionlint is missing: make tools"
    done = subprocess.run([actionlint, "-no-color"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
