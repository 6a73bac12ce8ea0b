"""Java virtual machines tell what a collection has left, and they don't notice it."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from csv import DictReader
from pathlib import Path

import psutil
import pytest
from agent_hearing import PATIENCE_SECONDS

from exporter.checked import UnreadableError
from exporter.runs.watch import watch
from exporter.settings.watch import WatchConfig
from exporter.watch.agents.jvm import JvmSource, Left, left_by_collections, parse_counters

MIB = 1 << 20
COUNTERS = (Path(__file__).parents[2] / "fixtures" / "watch" / "hsperfdata_g1.bin").read_bytes()

# Makes a mebibyte of garbage again and again, and keeps so many bytes each time.
PROGRAM = """
class Program {
    static final java.util.List<byte[]> kept = new java.util.ArrayList<>();
    static byte[] dropped;

    public static void main(String[] arguments) throws Exception {
        while (true) {
            for (int number = 0; number < 64; number++) dropped = new byte[16 << 10];
            kept.add(new byte[Integer.parseInt(arguments[0])]);
            Thread.sleep(2);
        }
    }
}
"""


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program is, compiled."""
    directory = tmp_path_factory.mktemp("classes")
    (directory / "Program.java").write_text(PROGRAM)
    subprocess.run(["javac", "-d", directory, directory / "Program.java"], check=True, timeout=PATIENCE_SECONDS)
    return directory


@contextmanager
def java(classes: Path, kept: int, *options: str) -> Iterator[psutil.Process]:
    """A JVM that has little room for what is new, and collects often."""
    command = ("java", "-cp", str(classes), "-Xmx256m", "-Xmn8m", *options, "Program", str(kept))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()


def told(process: psutil.Process, readings: int) -> list[int]:
    """What the next collections leave that are seen."""
    source, sizes = JvmSource(lambda: [process]), list[int]()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(sizes) < readings:
        assert time.monotonic() < deadline
        sizes += source.read().heap.heap_bytes.values()
        time.sleep(0.01)
    return sizes


@pytest.mark.system
@pytest.mark.parametrize("collector", ["G1", "Parallel", "Serial"])
def test_it_tells_what_a_program_keeps(classes: Path, collector: str) -> None:
    with java(classes, 64 << 10, f"-XX:+Use{collector}GC") as process:
        first, *_, last = told(process, 30)
    assert last > first + 8 * MIB


@pytest.mark.system
def test_it_tells_nothing_of_what_is_dropped(classes: Path) -> None:
    with java(classes, 0, "-XX:+UseSerialGC") as process:
        told(process, 5)  # it compiles itself at first
        sizes = told(process, 30)
    assert max(sizes) - min(sizes) < MIB


@pytest.mark.system
def test_a_collector_that_does_not_tell_is_named(classes: Path) -> None:
    with java(classes, 0, "-XX:+UseZGC") as process, pytest.raises(UnreadableError, match="G1, Parallel and Serial"):
        told(process, 1)


@pytest.mark.system
def test_a_jvm_without_counters_tells_nothing(classes: Path) -> None:
    with java(classes, 0, "-XX:-UsePerfData") as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "libjvm.so" not in Path(f"/proc/{process.pid}/maps").read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        heap = JvmSource(lambda: [process]).read().heap
    assert not heap.heap_bytes
    assert not heap.unreadable


@pytest.mark.system
def test_one_that_runs_already_is_watched_too(
    classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = tmp_path / "out.csv"
    with java(classes, 0) as process:
        told(process, 1)
        config = WatchConfig(
            pid=process.pid, mem_interval_seconds=0.2, duration_seconds=3.0, listen_address="127.0.0.1:0", csv=csv
        )
        assert watch(config) == 0
    assert "agent=jvm\n" in capsys.readouterr().out
    with csv.open(newline="") as stream:
        assert any(row["heap_jvm_bytes"] for row in DictReader(stream))


def test_the_counters_of_g1_are_read() -> None:
    counters = parse_counters(COUNTERS)
    assert counters["sun.gc.policy.name"] == "GarbageFirst"
    assert counters["sun.gc.generation.0.space.0.used"] == 27_262_976
    assert left_by_collections(counters) == Left(5_759_488, collections=3, at=3_429_899_918)


OTHER_FILES = {
    "empty": b"",
    "cut off in the prologue": COUNTERS[:4],
    "cut off": COUNTERS[:5000],
    "another magic number": b"x" + COUNTERS[1:],
    "another version": COUNTERS[:5] + b"\7" + COUNTERS[6:],
    "another order": COUNTERS[:4] + b"\7" + COUNTERS[5:],
    "counters elsewhere": COUNTERS[:8] + b"\1" * 99,
}


@pytest.mark.parametrize("what", OTHER_FILES)
def test_what_is_no_file_of_counters_is_refused(what: str) -> None:
    with pytest.raises(UnreadableError):
        parse_counters(OTHER_FILES[what])


def test_a_jvm_that_starts_has_no_counters_yet() -> None:
    assert not parse_counters(COUNTERS[:7] + b"\0" + COUNTERS[8:])


def test_what_is_no_jvm_tells_nothing() -> None:
    heap = JvmSource(lambda: [psutil.Process(os.getpid())]).read().heap
    assert not heap.heap_bytes
    assert not heap.unreadable
    assert heap.collections is None


def test_a_heap_is_told_once_for_each_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    now = dict(parse_counters(COUNTERS))
    monkeypatch.setattr("exporter.watch.agents.jvm._counters_of", lambda _: now)
    source = JvmSource(lambda: [psutil.Process()])
    assert source.read().heap.heap_bytes == {"jvm": 5_759_488}
    assert source.read().heap.unreadable == ("jvm",)
    now["sun.gc.collector.1.lastExitTime"] = 5_000_000_000
    now["sun.gc.generation.1.space.0.used"] = 6_000_000
    assert source.read().heap.heap_bytes == {"jvm": 6_000_000}


def test_a_heap_that_was_never_collected_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    never = {name: 0 if name.endswith("lastExitTime") else value for name, value in parse_counters(COUNTERS).items()}
    monkeypatch.setattr("exporter.watch.agents.jvm._counters_of", lambda _: never)
    assert JvmSource(lambda: [psutil.Process()]).read().heap.unreadable == ("jvm",)
