"""The wheel installs into an empty environment, small without extras and whole with them, and works there."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
LARGEST_MIB = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of what is committed."""
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(["git", "clone", "--quiet", ROOT, directory / "source"], check=True)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(directory)]
    subprocess.run([*build, directory / "source"], check=True)
    (built,) = directory.glob("*.whl")
    return built


def installed(wanted: str, directory: Path) -> Path:
    """Where the programs of an environment are that has only this."""
    venv.create(directory, with_pip=False, symlinks=True)  # as `python -m venv` does
    python = directory / "bin" / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", wanted], check=True)
    return directory / "bin"


def test_the_wheel_with_all_extras_makes_a_run(wheel: Path, tmp_path: Path) -> None:
    programs = installed(f"{wheel}[all]", tmp_path / "venv")
    version = subprocess.run([programs / "exporter", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"exporter, version {wheel.name.split('-')[1]}\n"
    run = subprocess.run(
        [programs / "exporter", "--duration", "10s", "--listen-address", "127.0.0.1:0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Verdict: " in run.stdout


def test_the_wheel_alone_is_small_and_watches_judges_and_reports(wheel: Path, tmp_path: Path) -> None:
    programs = installed(str(wheel), tmp_path / "venv")
    files = [path for path in (tmp_path / "venv" / "lib").rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < LARGEST_MIB << 20

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [programs / "exporter", *args], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )

    program = ("--", sys.executable, "-c", "import time; time.sleep(60)")
    serving = ("--listen-address", "127.0.0.1:0")
    watched = run("watch", "--duration", "3s", "--mem-interval", "200ms", "--csv", "out.csv", *serving, *program)
    assert watched.returncode == 0, watched.stderr
    assert run("analyze", "out.csv").returncode == 0
    assert run("plot", "out.csv", "--output", "out.html").returncode == 0
    assert "Verdict: " in watched.stdout
    refused = run("run", *serving)
    assert refused.returncode == 2
    assert "pip install 'memtest-exporter[network,breez]'" in refused.stderr
