"""Which profiles may be asked for, what the driver hears of it, and the command that a leak's report proposes."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import ConfigError
from exporter.heaps.dumps import note_path
from exporter.runs.leak_sites import command_with_heap_dump, leak_lines
from exporter.settings.allocator import allocator_environment
from exporter.settings.drivers import DriverChoice
from exporter.settings.profiling import ProfilingSettings
from exporter.settings.run import RunConfig


def test_a_run_without_profiles_tells_the_driver_nothing() -> None:
    settings = ProfilingSettings()
    assert (settings.driver_options(), settings.headings("python")) == ({}, [])


def test_the_head_of_a_traced_run_says_what_tracing_costs() -> None:
    (heading,) = ProfilingSettings(pprof=True).headings("python@0.22.3")
    assert "tracemalloc" in heading
    assert "times the CPU time" in heading
    (heading,) = ProfilingSettings(pprof=True).headings("go")
    assert "Go's runtime" in heading
    (heading,) = ProfilingSettings(pprof=True).headings("own-driver")
    assert "costs more CPU time" in heading
    assert "measured" not in heading
    (heading,) = ProfilingSettings(heap_dump=Path("h.bin")).headings("python")
    assert "memray traces every allocation to h.bin" in heading
    dumping = ProfilingSettings(pprof=True, heap_dump=Path("h.pb.gz"))
    assert dumping.headings("go") == ProfilingSettings(pprof=True).headings("go")
    assert len(dumping.headings("python")) == 2
    (heading,) = ProfilingSettings(heap_dump=Path("h.heapsnapshot")).headings("node")
    assert "V8 writes a snapshot at each heap dump" in heading
    assert ProfilingSettings(heap_dump=Path("h.bin")).driver_options() == {"heap_dump": str(Path("h.bin").absolute())}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"pprof_port": 70000}, "pprof-port is 70000"),
        ({"heap_dump": Path("/nowhere/h.bin")}, "there is no directory '/nowhere'"),
        ({"heap_dump": Path(__file__)}, "exists: name another file"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        ProfilingSettings(**settings)


@pytest.mark.parametrize(
    ("driver", "options", "said"),
    [
        (
            "rust",
            {"profiling": ProfilingSettings(heap_dump=Path("h.bin"))},
            "'rust', which has no heap-dump: leave it out",
        ),
        ("go", {"allocator": "jemalloc"}, "'go', which has no allocator"),
        ("node", {"profiling": ProfilingSettings(pprof=True)}, "'node', which has no pprof"),
    ],
)
def test_what_a_driver_would_not_follow_is_refused(driver: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        RunConfig(drivers=(DriverChoice(driver),), **options)


@pytest.mark.parametrize(
    ("choice", "settings"),
    [
        (DriverChoice("go"), ProfilingSettings(pprof=True, heap_dump=Path("h.pb.gz"))),
        (DriverChoice("node"), ProfilingSettings(heap_dump=Path("h.heapsnapshot"))),
        (DriverChoice("python@0.22.3"), ProfilingSettings(heap_dump=Path("h.bin"))),
        (DriverChoice("own", ("own-driver",)), ProfilingSettings(heap_dump=Path("h.bin"))),
    ],
)
def test_what_a_driver_follows_or_may_follow_is_not(choice: DriverChoice, settings: ProfilingSettings) -> None:
    RunConfig(profiling=settings, drivers=(choice,))


@pytest.mark.parametrize(
    ("drivers", "possible"), [("python", True), ("go", True), ("rust", False), ("python go", False)]
)
def test_a_heap_dump_is_proposed_where_it_can_be_written(drivers: str, possible: bool) -> None:
    assert RunConfig(drivers=tuple(map(DriverChoice, drivers.split()))).dumps_heaps == possible


@pytest.mark.parametrize(
    ("choice", "name", "written"),
    [
        (DriverChoice("python@0.22.3"), "heap", "heap.memray.bin"),
        (DriverChoice("go"), "heap", "heap.pb.gz"),
        (DriverChoice("node"), "runs/heap", "runs/heap.heapsnapshot"),
        (DriverChoice("go", ("go", "run", ".")), "heap", "heap.memray.bin"),
        (DriverChoice("go"), "my.dump", "my.dump"),
    ],
)
def test_a_heap_dump_has_the_suffix_of_its_format_unless_it_has_one(
    choice: DriverChoice, name: str, written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    asked = ProfilingSettings(heap_dump=Path(name))
    assert RunConfig(profiling=asked, drivers=(choice,)).profiling.heap_dump == Path(written)
    Path(written).touch()
    with pytest.raises(ConfigError, match=f"heap-dump is '{written}', which exists"):
        RunConfig(profiling=ProfilingSettings(heap_dump=Path(name)), drivers=(choice,))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "glibc.malloc.tcache_count=0"),
        ("glibc.malloc.arena_max=1", "glibc.malloc.arena_max=1:glibc.malloc.tcache_count=0"),
        ("glibc.malloc.tcache_count=7", None),
    ],
)
def test_threads_keep_nothing_under_glibc_unless_told_how_much(before: str, after: str | None) -> None:
    added = {} if after is None else {"GLIBC_TUNABLES": after}
    assert allocator_environment("glibc", {"LD_PRELOAD": "x.so", "GLIBC_TUNABLES": before}, []) == added


def test_another_allocator_is_preloaded_before_what_is_preloaded_already(tmp_path: Path) -> None:
    library = tmp_path / "libjemalloc.so.2"
    library.touch()
    directories = [tmp_path / "empty", tmp_path]
    assert allocator_environment("jemalloc", {}, directories) == {"LD_PRELOAD": str(library)}
    both = allocator_environment("jemalloc", {"LD_PRELOAD": "x.so"}, directories)
    assert both == {"LD_PRELOAD": f"{library} x.so"}


def test_jemalloc_samples_allocations_when_profiled(tmp_path: Path) -> None:
    (tmp_path / "libjemalloc.so.2").touch()
    before = {"MALLOC_CONF": "narenas:1"}
    added = allocator_environment("jemalloc", before, [tmp_path], profiled=True)
    assert added["MALLOC_CONF"].startswith("narenas:1,prof:true")
    assert "MALLOC_CONF" not in allocator_environment("jemalloc", before, [tmp_path])


@pytest.mark.parametrize(("allocator", "package"), [("jemalloc", "libjemalloc2"), ("mimalloc", "libmimalloc2.0")])
def test_an_allocator_that_is_missing_is_refused_with_its_package(tmp_path: Path, allocator: str, package: str) -> None:
    with pytest.raises(ConfigError, match=f"apt-get install {package}"):
        allocator_environment(allocator, {}, [tmp_path])  # type: ignore[arg-type]


def test_the_proposed_command_is_the_run_with_a_heap_dump_and_without_its_files() -> None:
    arguments = [
        "--duration",
        "1h",
        "--csv",
        "a b.csv",
        "-csv-append",
        "-report=x.html",
        "--pprof",
        "--pprof-port=7",
        "--run-name",
        "x y",
    ]
    proposed = shlex.split(command_with_heap_dump(arguments))
    assert proposed == ["exporter", "--duration", "1h", "--run-name", "x y", "--heap-dump", "leak"]
    assert shlex.join(proposed) in "\n".join(leak_lines(None, arguments))


def test_a_leak_without_an_early_dump_is_said_to_be_so(tmp_path: Path) -> None:
    (line,) = leak_lines(tmp_path / "heap.bin", [])
    assert "before its first heap dump" in line


def test_dumps_that_cannot_be_read_do_not_cost_the_report(tmp_path: Path) -> None:
    (tmp_path / "heap-early.bin").touch()
    note_path(tmp_path / "heap.bin").touch()
    (line,) = leak_lines(tmp_path / "heap.bin", [])
    assert "can't be found" in line


@pytest.mark.parametrize("written", [["--faucet-url", "{}"], ["--faucet-url={}"]])
def test_the_command_that_is_proposed_shows_no_password(written: list[str]) -> None:
    arguments = [part.format("https://alice:hunter2@faucet/graphql") for part in written]
    assert "hunter2" not in command_with_heap_dump(["--network", "regtest", *arguments])
