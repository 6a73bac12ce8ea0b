"""Heap dumps of other languages than Python: what they hold, and what is said of it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli.heap import command
from exporter.drivers.python.pprof import Frame as Written
from exporter.drivers.python.pprof import Profile, ValueType
from exporter.errors import ConfigError
from exporter.heaps.frames import Frame
from exporter.heaps.reading import read_dump
from exporter.heaps.sites import Held, Site

Writer = Callable[[Path, int], None]
LEAK = (
    Written("example.org/app.leak[go.shape.struct { a.B/c }]", "/home/me/src/app/leak.go", 7),
    Written("main.main", "/home/me/src/app/main.go", 3),
)
CACHE = (Written("main.cache", "/home/me/src/app/cache.go", 9),)


def write_profile(path: Path, blocks: int, *, names: Sequence[str] = ("inuse_objects", "inuse_space")) -> None:
    """What Go writes of ``blocks`` blocks of 100 bytes that leak."""
    objects, space = (ValueType(name, "count") for name in names)
    profile = Profile([objects, space], space, 1, 0)
    profile.add([Written("runtime.mallocgc", "runtime/malloc.go", 1), *LEAK], (blocks, 100 * blocks))
    profile.add([Written("runtime.makeslice", "runtime/slice.go", 1), *LEAK], (1, 50))
    profile.add(CACHE, (5, 500))
    profile.add([Written("runtime.malg", "runtime/proc.go", 1)], (1, 10))
    path.write_bytes(profile.encode(0))


def write_snapshot(path: Path, closures: int) -> None:
    """What V8 writes of a heap with so many closures."""
    strings = ["", "kept", "secret", "other secret"]
    meta = {
        "node_fields": ["type", "name", "id", "self_size", "edge_count", "detachedness"],
        "node_types": [["hidden", "string", "closure"], "string", "number", "number", "number", "number"],
    }
    texts = [(1, 2, 40), (1, 3, 60)]
    nodes = [field for kind, name, size in [*texts, *[(2, 1, 64)] * closures] for field in (kind, name, 1, size, 0, 0)]
    path.write_text(json.dumps({"snapshot": {"meta": meta}, "nodes": nodes, "edges": [], "strings": strings}))


def test_a_heap_of_go_is_read_by_stack_without_its_runtime(tmp_path: Path) -> None:
    write_profile(tmp_path / "heap.pb.gz", 3)
    leak = (Frame("app.leak", "src/app/leak.go", 7), Frame("main.main", "src/app/main.go", 3))
    assert read_dump(tmp_path / "heap.pb.gz") == {
        Site("go", leak): Held(350, 4),
        Site("go", (Frame("main.cache", "src/app/cache.go", 9),)): Held(500, 5),
        Site("go", (Frame("runtime.malg", "runtime/proc.go", 1),)): Held(10, 1),
    }


def test_a_heap_of_v8_is_read_by_kind_and_texts_are_not_shown(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "heap.heapsnapshot", 3)
    assert read_dump(tmp_path / "heap.heapsnapshot") == {
        Site("node", (Frame("closure kept", "", 0),)): Held(192, 3),
        Site("node", (Frame("string", "", 0),)): Held(100, 2),
    }


@pytest.mark.parametrize(
    ("write", "shown"),
    [
        (write_profile, "+99,900 bytes, 999.0 per payment in +999 blocks, go\n      app.leak  src/app/leak.go:7"),
        (write_snapshot, "+63,936 bytes, 639.4 per payment in +999 blocks, node\n      closure kept"),
    ],
    ids=["go", "node"],
)
@pytest.mark.parametrize("after", [1000, 1], ids=["leaking", "clean"])
def test_what_grew_is_told_and_what_did_not_is_not(tmp_path: Path, write: Writer, shown: str, after: int) -> None:
    dumps = [str(tmp_path / name) for name in ("early", "late")]
    write(Path(dumps[0]), 1)
    write(Path(dumps[1]), after)
    told = CliRunner().invoke(command, ["diff", *dumps, "--payments", "100"])
    assert told.exit_code == 0, told.output
    assert (shown in told.output) == (after > 1), told.output
    assert ("bytes" in told.output) == (after > 1)


@pytest.mark.parametrize(
    ("write", "remedy"), [(write_profile, "'go tool pprof"), (write_snapshot, "Chromium's developer tools")]
)
def test_what_another_program_draws_is_refused_with_its_name(tmp_path: Path, write: Writer, remedy: str) -> None:
    write(tmp_path / "heap", 1)
    drawn = CliRunner().invoke(command, ["flamegraph", str(tmp_path / "heap"), "-o", str(tmp_path / "flames.html")])
    assert isinstance(drawn.exception, ConfigError)
    assert remedy in str(drawn.exception)
    assert not (tmp_path / "flames.html").exists()


def test_a_profile_of_something_else_is_refused(tmp_path: Path) -> None:
    write_profile(tmp_path / "cpu.pb.gz", 1, names=("samples", "cpu"))
    refused = CliRunner().invoke(command, ["diff", *[str(tmp_path / "cpu.pb.gz")] * 2])
    assert "cpu.pb.gz can't be read as a heap dump: it is no profile of a heap; name" in str(refused.exception)
