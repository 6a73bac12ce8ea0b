"""Getting another release of the SDK for the Python driver: what is known must match its hash, what is not is said."""

import asyncio
import io
import re
import zipfile
from pathlib import Path

import pytest

from exporter.drivers.python_binding import PACKAGE, RELEASES, command
from exporter.errors import ConfigError

ROOT = Path(__file__).parents[3]
KNOWN, UNKNOWN = "0.22.3", "99.0.0"
HASHES = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pip finds packages, and nowhere else."""
    served = tmp_path / "index"
    served.mkdir()
    for name, value in (("NO_INDEX", "1"), ("FIND_LINKS", str(served)), ("CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return served


def serve(release: str, index: Path) -> bytes:
    """Another package under the name of the SDK."""
    information = f"breez_sdk_spark-{release}.dist-info"
    files = {
        "breez_sdk_spark/__init__.py": "",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {release}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{information}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{information}/RECORD"))
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    (index / f"breez_sdk_spark-{release}-py3-none-any.whl").write_bytes(wheel.getvalue())
    return wheel.getvalue()


@pytest.mark.processes
def test_a_known_release_that_is_another_file_is_refused(index: Path, tmp_path: Path) -> None:
    serve(KNOWN, index)
    said: list[str] = []
    with pytest.raises(ConfigError, match=r"pip failed with exit code 1.*its index serves what was released"):
        asyncio.run(command(KNOWN, said.append))
    assert said == [f"Driver python@{KNOWN}: installing {PACKAGE} {KNOWN}, once, verified by its hash"]
    assert list((tmp_path / "cache" / "memtest-exporter").iterdir()) == []


@pytest.mark.processes
def test_an_unknown_release_is_installed_and_said_to_be_unverified(index: Path) -> None:
    serve(UNKNOWN, index)
    said: list[str] = []
    interpreter = Path(asyncio.run(command(UNKNOWN, said.append))[0])
    assert list(interpreter.parents[1].rglob(f"breez_sdk_spark-{UNKNOWN}.dist-info"))
    (line,) = said
    assert line.endswith("once, unverified: its hash is not known here")


def test_releases_have_the_hashes_of_the_lock_file() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    ((locked, hashes),) = re.findall(rf"^{PACKAGE}==(\S+) \\\n((?:    --hash=\S+(?: \\)?\n)+)", lock, re.MULTILINE)
    known = (RELEASES / f"{locked}.txt").read_text()
    assert set(HASHES.findall(known)) == set(HASHES.findall(hashes)) != set()


@pytest.mark.parametrize("path", sorted(RELEASES.iterdir()), ids=lambda path: path.name)
def test_each_known_release_is_one_requirement_with_hashes(path: Path) -> None:
    first, *others = path.read_text().splitlines()
    assert first == f"{PACKAGE}=={path.stem} \\"
    assert all(HASHES.fullmatch(line.strip().removesuffix(" \\")) for line in others)
    assert others


def test_releases_that_the_documentation_names_are_known() -> None:
    pages = [ROOT / "README.md", ROOT / "docker-compose.yml", ROOT / "Dockerfile", *(ROOT / "docs").glob("*.md")]
    named = {
        release for page in pages for release in re.findall(r"(?:python@|SDK_VERSION=)(\d[\d.]*\d)", page.read_text())
    }
    assert KNOWN in named
    assert named <= {path.stem for path in RELEASES.iterdir()}
