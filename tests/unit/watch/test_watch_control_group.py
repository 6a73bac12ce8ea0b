"""Control groups, as directories that list processes and figures like those of the kernel."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from exporter.checked import UnreadableError
from exporter.errors import ConfigError
from exporter.watch.control_group import ControlGroup, GroupMemorySource, find_group, processes_of

DOCKER = "system.slice/docker-0123456789abcdef.scope"


def group(directory: Path, *pids: int) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))
    return directory


@contextmanager
def process() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as started:
        try:
            yield started.pid
        finally:
            started.kill()


@pytest.mark.parametrize("mounted", ["", "memory", "unified"])
@pytest.mark.parametrize("wanted", [DOCKER, f"/{DOCKER}", "0123456789ab", "docker-0123456789abcdef.scope"])
def test_a_group_is_found_by_its_path_and_by_its_name(tmp_path: Path, mounted: str, wanted: str) -> None:
    for name in ("", DOCKER, f"{DOCKER}/init", "system.slice/docker-0123456789abcdef.scope.d", "system.slice/other"):
        group(tmp_path / mounted / name)
    if wanted == "0123456789ab":
        with pytest.raises(ConfigError, match=r"of which there are 2, system\.slice/docker-0.*: name one of them"):
            find_group(wanted, tmp_path)
    else:
        assert find_group(wanted, tmp_path) == tmp_path / mounted / DOCKER


def test_a_part_of_a_name_is_enough_where_no_other_group_has_it(tmp_path: Path) -> None:
    group(tmp_path)
    expected = group(tmp_path / DOCKER)
    group(tmp_path / "system.slice/docker-fedcba.scope")
    assert find_group("0123456789ab", tmp_path) == expected
    assert find_group(str(expected), tmp_path / "elsewhere") == expected


def test_a_group_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no-group").mkdir()
    for wanted in ("absent", str(tmp_path / "no-group")):
        with pytest.raises(ConfigError, match=f"cgroup is '{wanted}': there is no such control group"):
            find_group(wanted, tmp_path)


def test_the_living_processes_of_a_group_and_of_those_below_count_once_each(tmp_path: Path) -> None:
    with ExitStack() as running:
        older, younger, stranger = (running.enter_context(process()) for _ in range(3))
        group(tmp_path / "a", younger, 0, 4_000_000)
        group(tmp_path / "a/b", older, younger)
        group(tmp_path / "c", stranger)
        assert {each.pid for each in processes_of(tmp_path / "a")} == {older, younger}
        watched = ControlGroup(str(tmp_path / "a"))
        assert [each.pid for each in watched.others(psutil.Process(older))] == [younger]


def test_a_group_without_processes_is_refused(tmp_path: Path) -> None:
    with process() as ended:
        pass
    group(tmp_path / "a", ended, 0)
    with pytest.raises(ConfigError, match="has no process that can be seen from here"):
        ControlGroup(str(tmp_path / "a"))


@pytest.mark.parametrize(
    "files",
    [
        {"memory.current": "4096\n", "memory.stat": "anon 1024\nfile 2048\n"},
        {"memory.usage_in_bytes": "4096\n", "memory.stat": "rss 7\ntotal_cache 2048\ntotal_rss 1024\n"},
    ],
)
def test_the_memory_of_a_group_is_what_the_kernel_says(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert GroupMemorySource(tmp_path).read().group_bytes == {"current": 4096, "anon": 1024}


def test_a_group_whose_memory_is_not_accounted_is_no_silent_zero(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"no memory\.current"):
        GroupMemorySource(tmp_path).read()
    (tmp_path / "memory.current").write_text("4096\n")
    (tmp_path / "memory.stat").write_text("file 2048\n")
    with pytest.raises(UnreadableError, match="neither anon nor total_rss"):
        GroupMemorySource(tmp_path).read()
