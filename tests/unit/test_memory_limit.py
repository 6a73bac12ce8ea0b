"""The memory limit, on recorded control group files."""

from pathlib import Path

import psutil
import pytest

from exporter.memory_limit import group_limits, memory_limit_bytes


def tree(directory: Path, membership: str, limits: dict[str, str]) -> tuple[Path, Path]:
    """Write a membership file and a ``memory.max`` per group; return the paths to hand over."""
    groups = directory / "cgroup"
    for group, limit in limits.items():
        (groups / group).mkdir(parents=True, exist_ok=True)
        (groups / group / "memory.max").write_text(limit + "\n")
    (directory / "membership").write_text(membership)
    return directory / "membership", groups


@pytest.mark.parametrize(
    ("membership", "limits", "expected"),
    [
        ("0::/\n", {".": "2147483648"}, [2147483648]),
        ("0::/a.slice/b.scope\n", {"a.slice": "max", "a.slice/b.scope": "1073741824"}, [1073741824]),
        ("0::/a.slice/b.scope\n", {"a.slice": "4096", "a.slice/b.scope": "8192"}, [8192, 4096]),
        ("0::/a.slice\n", {"other.slice": "4096"}, []),
        ("0::/\n", {".": "max"}, []),
        ("4:memory:/docker/x\n", {".": "4096"}, []),
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
