"""A file is there whole, or as it was before."""

import stat
from pathlib import Path

import pytest
from full_disk import fill

from exporter.whole_files import write_whole


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, "one")
    path.chmod(0o640)
    write_whole(path, "two π")
    assert path.read_text("utf-8") == "two π"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_mode_that_all_have(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_whole(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_was_there_stays_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")
    fill(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "x" * 100_000)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("before")
    (tmp_path / "link").symlink_to("there")
    write_whole(tmp_path / "link", "after")
    assert (tmp_path / "there").read_text() == "after"
    assert (tmp_path / "link").is_symlink()


def test_a_device_is_written_to() -> None:
    write_whole(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left"):
        write_whole(Path("/dev/full"), "text")
