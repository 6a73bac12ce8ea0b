"""The package installs into an empty environment, and works there."""

import subprocess
import venv
from pathlib import Path

import pytest

from exporter import __version__

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def test_pip_install_gives_a_working_exporter(tmp_path: Path) -> None:
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", ROOT, source], check=True)
    venv.create(tmp_path / "venv", with_pip=True)
    program = tmp_path / "venv" / "bin"
    subprocess.run([program / "pip", "install", "--quiet", source], check=True)
    version = subprocess.run([program / "exporter", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"exporter, version {__version__}\n"
    run = subprocess.run(
        [program / "exporter", "--duration", "10s", "--listen-address", "127.0.0.1:0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Verdict: " in run.stdout
