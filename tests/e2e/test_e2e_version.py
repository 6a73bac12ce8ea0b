"""The version is the tag's, however the sources came here, and the same sources give the same files."""

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def git(directory: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.com")
    return subprocess.run(
        ["git", "-C", directory, *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone whose commit has the tag of a release."""
    directory = tmp_path_factory.mktemp("tagged") / "exporter"
    subprocess.run(["git", "clone", "--quiet", "--no-tags", ROOT, directory], check=True)
    git(directory, "tag", "--annotate", "v9.8.7", "--message", "9.8.7")
    return directory


def built(sources: Path, into: Path, *what: str) -> dict[str, str]:
    """The names of what is built, each with its digest."""
    build = (sys.executable, "-m", "build", "--no-isolation")
    subprocess.run([*build, "--outdir", into, *what, sources], check=True, capture_output=True)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in into.iterdir()}


def test_a_release_is_built_twice_alike(tagged: Path, tmp_path: Path) -> None:
    first = built(tagged, tmp_path / "first")
    assert set(first) == {"memtest_exporter-9.8.7-py3-none-any.whl", "memtest_exporter-9.8.7.tar.gz"}
    again = tmp_path / "again"
    subprocess.run(["git", "clone", "--quiet", tagged, again], check=True)
    assert built(again, tmp_path / "second") == first


def test_an_archive_of_the_tag_has_its_version(tagged: Path, tmp_path: Path) -> None:
    git(tagged, "archive", "--format", "tar", "--output", str(tmp_path / "a.tar"), "HEAD")
    with tarfile.open(tmp_path / "a.tar") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert list(built(tmp_path / "unpacked", tmp_path / "dist", "--wheel")) == [
        "memtest_exporter-9.8.7-py3-none-any.whl"
    ]


def test_a_shallow_clone_without_tags_builds(tagged: Path, tmp_path: Path) -> None:
    shallow = ("git", "clone", "--quiet", "--no-tags", "--depth", "1")
    subprocess.run([*shallow, f"file://{tagged}", tmp_path / "shallow"], check=True)
    (name,) = built(tmp_path / "shallow", tmp_path / "dist", "--wheel")
    assert ".dev" in name
    assert git(tagged, "rev-parse", "HEAD")[:7] in name


def test_a_bare_copy_of_the_sources_builds(tagged: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "--quiet", tagged, copy], check=True)
    subprocess.run(["rm", "-rf", copy / ".git", copy / ".git_archival.txt"], check=True)
    assert list(built(copy, tmp_path / "dist", "--wheel")) == ["memtest_exporter-0.0.0-py3-none-any.whl"]
