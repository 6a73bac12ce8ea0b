"""Fixtures: runs of the installed command, and the tools that read what it serves."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_exporter import RunningExporter, Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start ``exporter`` with these arguments, in a directory of its own; it is ended in any case.

    It serves on a free port, unless it is a command that doesn't serve.
    """
    running: list[RunningExporter] = []

    def begin(*args: str, launcher: tuple[str, ...] = (), serving: bool = True) -> RunningExporter:
        directory = tmp_path / f"run-{len(running)}"
        directory.mkdir()
        address = ("--listen-address", "127.0.0.1:0") if serving else ()
        # Options of a command come after its name.
        command = () if not args or args[0].startswith("-") else args[:1]
        running.append(RunningExporter((*command, *address, *args[len(command) :]), directory, launcher))
        return running[-1]

    yield begin
    for each in running:
        each.close()


@pytest.fixture(scope="session")
def promtool() -> str:
    """The path of promtool, which ``make tools`` provides."""
    unpacked = Path(__file__).parents[2] / ".tools" / "usr" / "bin" / "promtool"
    found = shutil.which("promtool") or (str(unpacked) if unpacked.exists() else None)
    if found is None:
        pytest.fail("promtool is missing: make tools")
    return found
