"""What killed processes have left on the disk goes with the next one; what is held, or was made by others, stays."""

import asyncio
import fcntl
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.drivers.cache import made_once
from exporter.leftovers import LOCK, held_directory, held_file, remove_abandoned
from exporter.processes.child import python_command
from exporter.whole_files import write_whole

pytestmark = pytest.mark.processes

PREFIX = "memtest-test-"
HOLD_DIRECTORY = f"""
import sys
from pathlib import Path
from exporter.leftovers import held_directory
with held_directory({PREFIX!r}, Path(sys.argv[1])) as directory:
    (directory / "deep" / "er").mkdir(parents=True)
    (directory / "deep" / "er" / "file").touch()
    (directory / "link").symlink_to("/")
    print(directory, flush=True)
    sys.stdin.read()
"""
WRITE_FILE = """
import os, sys
from pathlib import Path
from exporter.whole_files import write_whole
def stuck(descriptor):
    print("half-written", flush=True)
    sys.stdin.read()
os.fsync = stuck
write_whole(Path(sys.argv[1]) / "page.html", "whole")
"""


@contextmanager
def holding(code: str, place: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has made what it makes, and holds it until its input closes."""
    argv = python_command("-c", code, str(place))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
        process.communicate()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_a_directory_is_gone_afterwards(tmp_path: Path) -> None:
    with held_directory(PREFIX, tmp_path) as directory:
        (directory / "file").touch()
        assert directory.stat().st_mode & 0o077 == 0
        (directory / "below").mkdir()
    assert names(tmp_path) == []


def test_what_a_killed_process_left_goes_with_the_next(tmp_path: Path) -> None:
    with holding(HOLD_DIRECTORY, tmp_path) as process:
        kill(process)
        assert len(names(tmp_path)) == 1
    with held_directory(PREFIX, tmp_path) as directory:
        assert names(tmp_path) == [directory.name]
    assert names(tmp_path) == []


def test_what_a_living_process_holds_stays(tmp_path: Path) -> None:
    with holding(HOLD_DIRECTORY, tmp_path):
        held = names(tmp_path)
        with held_directory(PREFIX, tmp_path) as directory:
            assert names(tmp_path) == sorted([*held, directory.name])
        assert names(tmp_path) == held
    assert names(tmp_path) == []


def test_one_that_was_made_and_never_locked_goes_too(tmp_path: Path) -> None:
    tempfile.mkdtemp(prefix=PREFIX, dir=tmp_path)
    remove_abandoned(tmp_path, PREFIX)
    assert names(tmp_path) == []


def test_one_that_is_taken_for_abandoned_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, mkdtemp = fcntl.flock, tempfile.mkdtemp
    made: list[str] = []

    def make(**where: str) -> str:
        made.append(mkdtemp(**where))
        if len(made) == 1:
            remove_abandoned(tmp_path, PREFIX)  # before there is a lock
        return made[-1]

    def lock(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        remove_abandoned(tmp_path, PREFIX)  # before it is taken
        flock(descriptor, operation)

    monkeypatch.setattr(tempfile, "mkdtemp", make)
    monkeypatch.setattr(fcntl, "flock", lock)
    with held_directory(PREFIX, tmp_path) as directory:
        assert len(made) == 3
        assert names(tmp_path) == [directory.name]
        assert names(directory) == [LOCK]


def test_what_others_have_made_stays(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}results").mkdir()  # a user's own
    own = tmp_path / f"{PREFIX}abcdefgh"
    own.mkdir()
    (own / "precious").touch()
    (tmp_path / f"{PREFIX}qrstuvwx").symlink_to(own)
    (tmp_path / "fifo").mkdir()
    os.mkfifo(tmp_path / "fifo" / f"{PREFIX}ijklmnop")
    before = names(tmp_path)
    remove_abandoned(tmp_path, PREFIX)
    remove_abandoned(tmp_path / "fifo", PREFIX)
    assert names(tmp_path) == before
    assert names(tmp_path / "fifo") == [f"{PREFIX}ijklmnop"]
    assert (own / "precious").exists()


def test_what_another_user_has_left_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with holding(HOLD_DIRECTORY, tmp_path) as process:
        kill(process)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    remove_abandoned(tmp_path, PREFIX)
    assert len(names(tmp_path)) == 1


def test_a_link_for_a_lock_is_not_followed(tmp_path: Path) -> None:
    left = tmp_path / f"{PREFIX}abcdefgh"
    left.mkdir()
    (left / LOCK).symlink_to("/dev/null")
    remove_abandoned(tmp_path, PREFIX)
    assert names(left) == [LOCK]


def test_where_there_are_no_locks_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError("Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with held_directory(PREFIX, tmp_path) as first, held_directory(PREFIX, tmp_path) as second:
        assert names(tmp_path) == sorted([first.name, second.name])
    assert names(tmp_path) == []


def test_a_file_that_a_killed_process_was_writing_goes_with_the_next_of_its_name(tmp_path: Path) -> None:
    with holding(WRITE_FILE, tmp_path) as process:
        write_whole(tmp_path / "page.html", "another's")
        assert len(names(tmp_path)) == 2  # that of the other process is held
        kill(process)
    write_whole(tmp_path / "other.html", "")
    assert len(names(tmp_path)) == 3
    write_whole(tmp_path / "page.html", "after")
    assert names(tmp_path) == ["other.html", "page.html"]
    assert (tmp_path / "page.html").read_text() == "after"


def test_a_file_that_is_taken_for_abandoned_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flock = fcntl.flock

    def lock(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        remove_abandoned(tmp_path, PREFIX)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", lock)
    descriptor, path = held_file(PREFIX, tmp_path)
    assert names(tmp_path) == [path.name]
    os.close(descriptor)


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_made_once_leaves_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    async def make(directory: Path) -> None:
        (directory.parent / "temporary").touch()
        (directory / "program").touch()
        if fails:
            raise RuntimeError("on purpose")

    if fails:
        with pytest.raises(RuntimeError):
            asyncio.run(made_once("tool-1", make))
        assert names(tmp_path / "memtest-exporter") == []
    else:
        made = asyncio.run(made_once("tool-1", make))
        assert names(made) == ["program"]
        assert names(tmp_path / "memtest-exporter") == ["tool-1"]
