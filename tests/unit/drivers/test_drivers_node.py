"""The Node driver apart from its SDK: what is said where it can't be installed, and its heaps."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from exporter.drivers.node_binding import SOURCES, command
from exporter.errors import ConfigError

MIB = 1 << 20


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is the whole PATH but for the shell, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(directory: Path, name: str, line: str) -> None:
    program = directory / name
    program.write_text(f"#!/bin/sh\n{line}\n")
    program.chmod(0o755)


def get_command() -> tuple[tuple[str, ...], list[str]]:
    told: list[str] = []
    return asyncio.run(command("", told.append)), told


def test_it_is_installed_once(programs: Path) -> None:
    put(programs, "node", "echo v20.0.0")
    put(programs, "npm", "exit 0")
    argv, told = get_command()
    assert argv[:3] == (str(programs / "node"), "--expose-gc", str(SOURCES / "main.js"))
    assert sorted(path.name for path in Path(argv[3]).iterdir()) == ["package-lock.json", "package.json"]
    assert len(told) == 1
    put(programs, "npm", "exit 1")
    assert get_command() == (argv, [])
    put(programs, "node", "echo v22.0.0")
    with pytest.raises(ConfigError, match="npm ci failed with exit code 1"):
        get_command()  # of another Node.js, for which native code is built anew


@pytest.mark.parametrize(
    ("node", "npm", "problem"),
    [
        (None, None, "no program 'node'"),
        ("echo v20.1.0", None, "no program 'npm'"),
        ("echo v18.20.4", "exit 0", "Node.js is v18.20.4"),
        ("echo v20.1.0", "echo no such host >&2; exit 1", "npm ci failed with exit code 1 (no such host)"),
    ],
)
def test_what_is_missing_is_said_with_the_remedy(
    programs: Path, node: str | None, npm: str | None, problem: str
) -> None:
    for name, line in (("node", node), ("npm", npm)):
        if line is not None:
            put(programs, name, line)
    with pytest.raises(ConfigError) as refusal:
        get_command()
    assert problem in str(refusal.value)
    assert "it takes Node.js 20 or newer with npm" in str(refusal.value)
    assert list((programs / "cache").glob("*/*")) == []


# A module that exports one page of linear memory.
MODULE = "0061736d01000000050301000107 0a01066d656d6f72790200"

GROWING = f"""
import {{ collectGarbage, loadWithMemory, readHeaps }} from "{(SOURCES / "heaps.js").as_uri()}";
const module = new WebAssembly.Module(Buffer.from("{MODULE.replace(" ", "")}", "hex"));
const [, memory] = loadWithMemory(() => new WebAssembly.Instance(module));
const read = async () => {{ await collectGarbage(); return readHeaps(memory).heap_bytes; }};
const readings = [await read()];
memory.grow(160);
readings.push(await read());
const buffer = new Uint8Array(20 << 20);
readings.push(await read());
const objects = Array.from({{ length: 1 << 20 }}, (_, at) => [at]);
readings.push(await read());
console.log(JSON.stringify(readings), buffer.length + objects.length > 0);
"""


@pytest.mark.system
def test_heaps_do_not_overlap_and_linear_memory_is_counted() -> None:
    argv = ("node", "--expose-gc", "--input-type=module", "--eval", GROWING)
    printed = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout
    started, *grown = json.loads(printed.removesuffix(" true\n"))
    assert started["wasm"] == 1 << 16
    for name, by, before, after in (
        ("wasm", 10 * MIB, started, grown[0]),
        ("node_external", 20 * MIB, grown[0], grown[1]),
        ("node", 30 * MIB, grown[1], grown[2]),
    ):
        assert by <= after[name] - before[name] + MIB
        others = set(started) - {name}
        assert all(abs(after[other] - before[other]) < MIB for other in others), (name, before, after)
