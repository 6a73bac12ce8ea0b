"""The Node driver apart from its SDK: what is said where it can't be installed, and its heaps."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from exporter.drivers.node_binding import SOURCES, command
from exporter.errors import ConfigError
from exporter.heaps.diff import diff_dumps

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

DUMPED = f"""
import {{ heapDumps }} from "{(SOURCES / "heaps.js").as_uri()}";
const dumps = heapDumps("late.heapsnapshot");
const kept = [];
const keep = (each) => kept.push(function leaked() {{ return each; }});
dumps.heap_dump({{ path: "early.heapsnapshot" }});
for (let each = 0; each < 1000; each++) keep(each);
if (process.argv[1] === "clean") kept.length = 0;
dumps.end_heap_dump();
console.log(kept.length);
"""

# In place of the SDK: what the driver reads the linear memory of.
NO_SDK = f"""
new WebAssembly.Instance(new WebAssembly.Module(Buffer.from("{MODULE.replace(" ", "")}", "hex")));
"""
SEED = "c0ffee" * 10 + "f00d"

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


@pytest.mark.system
@pytest.mark.parametrize(("twin", "kept"), [("leaking", 1000), ("clean", 0)])
def test_two_dumps_of_v8_tell_what_is_kept(tmp_path: Path, twin: str, kept: int) -> None:
    argv = ("node", "--expose-gc", "--input-type=module", "--eval", DUMPED, twin)
    subprocess.run(argv, cwd=tmp_path, capture_output=True, check=True, timeout=120)
    grown = diff_dumps(tmp_path / "early.heapsnapshot", tmp_path / "late.heapsnapshot").grown
    found = sum(change.blocks for site, change in grown if "leaked" in str(site.frames[0]))
    assert abs(found - kept) < 10


@pytest.mark.system
def test_a_dump_holds_no_seed(tmp_path: Path) -> None:
    sdk = tmp_path / "node_modules" / "@breeztech" / "breez-sdk-spark"
    sdk.mkdir(parents=True)
    (sdk / "index.js").write_text(NO_SDK)
    (tmp_path / "package.json").write_text('{"dependencies":{"@breeztech/breez-sdk-spark":"1"}}')
    dump = tmp_path / "last.heapsnapshot"
    config = {"protocol": 1, "network": {}, "storage_dir": str(tmp_path), "wallets": {"alice": SEED}}
    lines = [config | {"options": {"heap_dump": str(dump)}}, {"id": 1, "do": "end_heap_dump"}, {"do": "stop"}]
    argv = ("node", "--expose-gc", str(SOURCES / "main.js"), str(tmp_path))
    text = "".join(json.dumps(line) + "\n" for line in lines)
    told = subprocess.run(argv, input=text, capture_output=True, text=True, check=True, timeout=120).stdout
    assert '"id":1' in told
    assert "storage_dir" in dump.read_text()
    assert SEED not in dump.read_text()
