"""The memory limit, on recorded control group files."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from exporter.record import memory_limit
from exporter.record.memory_limit import group_limits, memory_limit_bytes


def tree(directory: Path, membership: str, limits: dict[str, str]) -> tuple[Path, Path]:
    """Write a membership file and the files of the groups' limits; return the paths to hand over."""
    groups = directory / "cgroup"
    groups.mkdir()
    for name, limit in limits.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(limit + "\n")
    (directory / "membership").write_text(membership)
    return directory / "membership", groups


@pytest.mark.parametrize(
    ("membership", "limits", "expected"),
    [
        ("0::/\n", {"memory.max": "2147483648"}, [2147483648]),
        ("0::/a.slice/b.scope\n", {"a.slice/memory.max": "max", "a.slice/b.scope/memory.max": "4096"}, [4096]),
        ("0::/a.slice/b.scope\n", {"a.slice/memory.max": "4096", "a.slice/b.scope/memory.max": "8192"}, [8192, 4096]),
        ("0::/a.slice\n", {"other.slice/memory.max": "4096"}, []),
        ("0::/\n", {"memory.max": "max"}, []),
        ("9:name=systemd:/\n4:memory:/docker/x\n", {"memory/memory.limit_in_bytes": "2147483648"}, [2147483648]),
        ("4:cpu,memory:/x\n", {"memory/x/memory.limit_in_bytes": "9223372036854771712"}, [9223372036854771712]),
        ("4:cpu:/x\n", {"memory/x/memory.limit_in_bytes": "4096"}, []),
        ("", {}, []),
    ],
)
def test_limits_of_the_group_and_the_groups_around_it(
    tmp_path: Path, membership: str, limits: dict[str, str], expected: list[int]
) -> None:
    assert group_limits(*tree(tmp_path, membership, limits)) == expected


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert group_limits(tmp_path / "missing", tmp_path) == []


def test_limit_is_at_most_the_machines_memory() -> None:
    assert 0 < memory_limit_bytes() <= psutil.virtual_memory().total


def test_a_process_has_the_limit_of_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        for line in Path(f"/proc/{process.pid}/cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            directory = tmp_path / ("memory" if controllers else "") / group.lstrip("/")
            directory.mkdir(parents=True, exist_ok=True)
            (directory / ("memory.limit_in_bytes" if controllers else "memory.max")).write_text("4096\n")
        monkeypatch.setattr(memory_limit, "CGROUPS", tmp_path)
        assert memory_limit_bytes(process.pid) == 4096
        process.communicate(b"\n")
