"""What grew between two dumps: the arithmetic on made-up sites, the reading on dumps of real processes."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from exporter.cli.heap import command
from exporter.errors import ConfigError
from exporter.heaps.diff import by_function, diff, diff_dumps, format_diff, top_sites
from exporter.heaps.dumps import DumpNote, dump_path, note_path, read_note
from exporter.heaps.frames import Frame
from exporter.heaps.reading import read_dump
from exporter.heaps.sites import Held, Site

LEAK = Site("native", (Frame("leak", "core.rs", 7), Frame("run", "core.rs", 40)))
CACHE = Site("native", (Frame("cache", "core.rs", 9), Frame("run", "core.rs", 40)))
LIST = Site("python", (Frame("remember", "app.py", 3),))
SITES = st.dictionaries(
    st.sampled_from([LEAK, CACHE, LIST]), st.builds(Held, st.integers(0, 2**40), st.integers(0, 99))
)

# Keeps 1000 blocks, copies its dump so far, then keeps or frees 2000 more.
BLOCK_BYTES = 5000
PROGRAM = """
import shutil, sys
import memray

def leak(count):
    return [bytearray(5000) for _ in range(count)]

with memray.Tracker("all.bin", native_traces=True, trace_python_allocators=True):
    kept = leak(1000)
    shutil.copyfile("all.bin", "early.bin")
    more = leak(2000)
    if sys.argv[1] == "clean":
        del more
"""


def test_growth_is_ranked_and_shared_out() -> None:
    before = {LEAK: Held(1000, 1), CACHE: Held(5000, 5)}
    after = {LEAK: Held(9000, 9), CACHE: Held(4000, 4), LIST: Held(200, 2)}
    found = diff(before, after, DumpNote(10.0, 100, 0), DumpNote(70.0, 300, 4))
    assert [site for site, _ in found.grown] == [LEAK, LIST]
    assert found.grown[0][1] == Held(8000, 8)
    assert (found.growth, found.seconds, found.payments, found.abandoned_instances) == (7200, 60.0, 200, 4)
    text = "\n".join(format_diff(found, 10))
    assert "over 60 s and 200 payments, 4 instances abandoned" in text
    assert "+8,000 bytes, 40.0 per payment, 2,000 per abandoned instance in +8 blocks, native" in text
    assert "leak  core.rs:7" in text
    assert top_sites(found, 1) == [
        "+8,000 bytes, 40.0 per payment, 2,000 per abandoned instance: leak  core.rs:7 < run  core.rs:40"
    ]


def test_functions_are_summed_with_what_they_call() -> None:
    grown = [(LEAK, Held(100, 1)), (CACHE, Held(50, 1)), (LIST, Held(7, 1))]
    assert by_function(grown)[0] == ("run  core.rs", 150)
    assert dict(by_function(grown))["remember  app.py"] == 7


def test_without_notes_there_is_no_growth_per_payment() -> None:
    found = diff({}, {LEAK: Held(8, 1)}, None, DumpNote(1.0, 1, 0))
    assert (found.seconds, found.payments) == (None, None)
    assert "per payment" not in "\n".join(format_diff(found, 5))


@given(SITES, SITES)
def test_growth_is_what_there_is_more_of(before: dict[Site, Held], after: dict[Site, Held]) -> None:
    found = diff(before, after, None, None)
    assert found.growth == sum(held.size for held in after.values()) - sum(held.size for held in before.values())
    assert all(change.size > 0 for _, change in found.grown)
    assert diff(after, after, None, None).grown == ()


@pytest.mark.processes
@pytest.mark.parametrize(("twin", "grown"), [("leaking", 2), ("clean", 0)])
def test_a_dump_of_a_real_process_names_the_line_that_keeps(tmp_path: Path, twin: str, grown: int) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    subprocess.run([sys.executable, "program.py", twin], cwd=tmp_path, check=True)
    early, late = tmp_path / "early.bin", tmp_path / "all.bin"

    def kept(held: dict[Site, Held]) -> int:
        mine = [each.size for site, each in held.items() if any(frame.function == "leak" for frame in site.frames)]
        return round(sum(mine) / BLOCK_BYTES / 1000)

    assert kept(read_dump(early)) == 1
    assert kept(dict(diff_dumps(early, late).grown)) == grown
    runner = CliRunner()
    shown = runner.invoke(command, ["diff", str(early), str(late), "--payments", "100"])
    assert shown.exit_code == 0, shown.output
    assert bool(re.search(r"\+10,\d{3},\d{3} bytes, 10\d,\d{3}\.\d per payment", shown.output)) == bool(grown)
    drawn = runner.invoke(command, ["flamegraph", str(late), "-o", str(tmp_path / "flames.html")])
    assert drawn.exit_code == 0, drawn.output
    assert "program.py" in (tmp_path / "flames.html").read_text()


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"timestamp,elapsed_sec\n",
        b"\x00" * 5000,
        b"\x1f\x8b and no more",
        gzip.compress(b"other", mtime=0),
        b"{}",
        b'{"nodes":',
    ],
)
def test_a_file_that_is_no_dump_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.bin"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"x\.bin can't be read as a heap dump: .*--heap-dump"):
        read_dump(path)


def test_notes_lie_beside_their_dumps(tmp_path: Path) -> None:
    dump = dump_path(tmp_path / "heap.memray.bin", "early")
    assert dump.name == "heap-early.memray.bin"
    assert dump_path(Path("heap"), "2").name == "heap-2"
    assert read_note(dump) is None
    note_path(dump).write_text('{"elapsed_sec":1.5,"payments":7,"reconnects":0,"abandoned_instances":2,"x":1}')
    assert read_note(dump) == DumpNote(1.5, 7, 2)
    note_path(dump).write_text("{}")
    with pytest.raises(ConfigError, match="remove it"):
        read_note(dump)
