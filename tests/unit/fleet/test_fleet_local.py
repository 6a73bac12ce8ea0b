"""Cells as processes: run, resumed, tried again, late, interrupted; stand-ins for runs end as they are told."""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from exporter.cli import exit_code_of
from exporter.errors import ConfigError
from exporter.fleet import local
from exporter.fleet.local import LocalMatrix
from exporter.fleet.plan import Plan, parse_plan
from exporter.fleet.result import decode
from exporter.fleet.workspace import Workspace
from exporter.processes.child import StopLimits
from exporter.record.terms import Verdict
from exporter.runs import interrupts
from exporter.runs.console import Console

pytestmark = pytest.mark.processes

FAKE_RUN = (sys.executable, "-S", str(Path(__file__).parents[2] / "fixtures" / "fake_run.py"))
LIMIT_SECONDS = 60.0
TWINS = "leaky: {abandon-instances: true}, clean: {}"


@pytest.fixture(autouse=True)
def runs_that_end_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(local, "RUN_COMMAND", FAKE_RUN)
    monkeypatch.setattr(interrupts, "ONE_REQUEST_SECONDS", 0.0)
    handled = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in handled.items():
        signal.signal(number, handler)


def text_of(scenarios: str, more: str = "") -> str:
    return f"name: try\ndrivers: [python]\nscenarios: {{{scenarios}}}\ndurations: [10s]\n{more}"


def plan_of(scenarios: str, more: str = "") -> Plan:
    return parse_plan(text_of(scenarios, more).encode())


def workspace(directory: Path, plan: Plan) -> Workspace:
    found = Workspace(directory / "matrix", plan)
    found.open()
    return found


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


def run_all(space: Workspace, *, jobs: int = 2, beside: Callable[[], object] | None = None) -> tuple[LocalMatrix, str]:
    """Run all cells that have no final result; return the matrix and what was printed."""
    said = io.StringIO()
    matrix = LocalMatrix(space, Console(said), jobs=jobs)
    done = space.results()

    async def both() -> None:
        task = asyncio.create_task(matrix.run(cell for cell in space.cells if cell.number not in done))
        if beside is not None:
            await until(lambda: [*space.directory.rglob("ready")])
            beside()
        await asyncio.wait_for(task, LIMIT_SECONDS)

    asyncio.run(both())
    assert not psutil.Process().children()
    return matrix, said.getvalue()


def test_every_cell_leaves_its_files_and_its_result(tmp_path: Path) -> None:
    space = workspace(tmp_path, plan_of(TWINS, "repetitions: 2\n"))
    run_all(space)
    found = space.results()
    assert [found[number].verdict for number in range(4)] == [Verdict.LEAK, Verdict.NO_LEAK] * 2
    assert [found[number].exit_code for number in range(4)] == [1, 0, 1, 0]
    leaky = found[0]
    assert leaky.growth_kib_per_min is not None
    assert leaky.resident_kib_per_min is not None
    assert leaky.growth_kib_per_min.low > 1000
    assert leaky.peak_bytes is not None
    assert leaky.payments is not None
    assert leaky.peak_bytes > 50 << 20
    assert leaky.payments > 10
    files = {path.name for path in (space.directory / "cells" / "0").iterdir()}
    assert files == {"out.csv", "log.txt", "verdict.json", "result.json"}


def test_no_more_run_at_once_than_there_are_jobs(tmp_path: Path) -> None:
    space = workspace(tmp_path, plan_of(TWINS, "repetitions: 3\n"))
    _, said = run_all(space, jobs=1)
    starts = [line.endswith(": started") for line in said.splitlines()]
    assert starts == [True, False] * 6


def test_what_has_ended_is_not_run_again(tmp_path: Path) -> None:
    space = workspace(tmp_path, plan_of(TWINS))
    run_all(space)
    (space.place(space.cells[1]) / "result.json").unlink()
    _, said = run_all(workspace(tmp_path, plan_of(TWINS)))
    assert re.findall(r"Cell (\d), .*: started", said) == ["1"]


def test_the_environment_adds_nothing_to_a_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEMTEST_INTERVAL", "MEMTEST_CSV_FILE", "MEMTEST_RUN_NAME", "MEMTEST_SPARK_SDK_SOURCE"):
        monkeypatch.setenv(name, "1")
    space = workspace(tmp_path, plan_of("clean: {}"))
    run_all(space)
    log = (space.place(space.cells[0]) / "log.txt").read_text()
    assert "environment: MEMTEST_SPARK_SDK_SOURCE\n" in log


@pytest.mark.parametrize(("code", "tries"), [(4, 1), (5, 3), (70, 3), (2, 3)])
def test_a_cell_that_says_nothing_of_the_subject_is_tried_again(tmp_path: Path, code: int, tries: int) -> None:
    space = workspace(tmp_path, plan_of(f"failing: {{amount: {code}}}", "limits: {retries: 2}\n"))
    _, said = run_all(space)
    assert said.count(": started") == tries
    result = space.results()[0]
    assert (result.exit_code, result.verdict, result.reason) == (code, None, "told to fail")


def test_a_cell_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "STOP", StopLimits(asked_seconds=0.0, terminated_seconds=0.1))
    plan = parse_plan(
        text_of("stuck: {amount: 2000}", "limits: {overtime: 100ms, retries: 0}\n").replace("10s", "100ms").encode()
    )
    space = workspace(tmp_path, plan)
    run_all(space)
    result = space.results()[0]
    assert (result.exit_code, result.reason) == (70, "not over 200ms after its start, and ended then")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_what_runs_and_starts_no_more(tmp_path: Path, number: signal.Signals) -> None:
    space = workspace(tmp_path, plan_of("waiting: {amount: 1000}, clean: {}"))
    matrix, said = run_all(space, jobs=1, beside=lambda: os.kill(os.getpid(), number))
    assert matrix.interrupted
    assert said.count(": started") == 1
    assert {cell: result.exit_code for cell, result in space.results().items()} == {0: 130}


def test_a_second_interrupt_ends_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text_of("stuck: {amount: 2000}"))
    script = f"""
        import sys
        from exporter.cli import main
        from exporter.fleet import local
        from exporter.runs import interrupts
        local.RUN_COMMAND = {FAKE_RUN!r}
        interrupts.ONE_REQUEST_SECONDS = 0.0
        main(["matrix", {str(path)!r}, "--output", {str(tmp_path / "matrix")!r}])
        """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True) as matrix:
        assert matrix.stdout is not None
        asyncio.run(until(lambda: [*tmp_path.rglob("ready")]))
        (run,) = psutil.Process(matrix.pid).children()
        matrix.send_signal(signal.SIGINT)
        while "Stopping" not in matrix.stdout.readline():
            pass
        matrix.send_signal(signal.SIGINT)
        assert matrix.wait(LIMIT_SECONDS) == 130
    assert psutil.wait_procs([run], LIMIT_SECONDS)[1] == []


def test_a_changed_plan_is_refused_and_what_is_there_is_left(tmp_path: Path) -> None:
    space = workspace(tmp_path, plan_of(TWINS))
    with pytest.raises(ConfigError, match="has the cells of another plan, or of this one as it was: name another"):
        workspace(tmp_path, plan_of(TWINS, "options: {interval: 0s}\n"))
    workspace(tmp_path, plan_of(TWINS, "fail-on: never\n"))
    assert [path.name for path in space.directory.iterdir()] == ["plan.json"]


def test_a_directory_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "matrix").mkdir()
    (tmp_path / "matrix" / "thesis.txt").touch()
    with pytest.raises(ConfigError, match=r"has files and no plan.json"):
        workspace(tmp_path, plan_of(TWINS))
    (tmp_path / "matrix" / "plan.json").write_text("{")
    with pytest.raises(ConfigError, match=r"whose plan.json is no plan's"):
        workspace(tmp_path, plan_of(TWINS))
    with pytest.raises(ConfigError, match="which can't be used"):
        workspace(tmp_path / "matrix" / "thesis.txt", plan_of(TWINS))


def test_a_cell_is_run_by_one_process_at_a_time(tmp_path: Path) -> None:
    space = workspace(tmp_path, plan_of("clean: {}"))
    with space.claimed(space.cells[0]), pytest.raises(ConfigError, match="cell 0 is being run by another process"):
        run_all(space)


def test_one_cell_alone_ends_as_its_run_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text_of(TWINS))
    out = ("--output", str(tmp_path / "matrix"))
    result = tmp_path / "result.json"
    assert exit_code_of(["matrix", str(path), *out, "--cell", "1", "--json", str(result)]) == 0
    assert exit_code_of(["matrix", str(path), *out, "--cell", "0"]) == 1
    assert "environment:" in capsys.readouterr().out
    assert decode(result.read_bytes()).cell == 1
    assert exit_code_of(["matrix", str(path), *out, "--cell", "0"]) == 1
    assert capsys.readouterr().out.startswith("Cell 0 has ended already: the native heap at rest grows")
    assert exit_code_of(["matrix", str(path), *out, "--cell", "2"]) == 2
    assert "cell is 2: the plan has the cells 0 to 1" in capsys.readouterr().err


def test_cells_that_were_run_elsewhere_are_put_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text_of(TWINS))
    out = ("--output", str(tmp_path / "matrix"))
    assert exit_code_of(["matrix", str(path), *out, "--cell", "0"]) == 1
    assert exit_code_of(["matrix", str(path), *out, "--jobs", "0"]) == 1
    said = capsys.readouterr().out
    assert "1 not run" in said
    assert "All that could be judged leak. 1 of 2 combinations have no verdict." in said


def test_the_command_tells_and_writes_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text_of(TWINS))
    files = {name: tmp_path / name for name in ("junit", "markdown", "json")}
    options = [text for name, file in files.items() for text in (f"--{name}", str(file))]
    assert exit_code_of(["matrix", str(path), "--output", str(tmp_path / "matrix"), *options]) == 1
    said = capsys.readouterr().out
    assert "Leaks under leaky, not under clean." in said
    assert "Verdict: leak" in said
    assert all(file.stat().st_size for file in files.values())
    page = (tmp_path / "matrix" / "report.html").read_text()
    assert "python leaky 10s #1" in page


def test_a_dry_run_lists_the_cells_and_does_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text_of(TWINS))
    assert exit_code_of(["matrix", str(path), "--output", str(tmp_path / "matrix"), "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "0\tpython leaky 10s #1\texporter run --driver=python --duration=10s --abandon-instances=true"
    )
    assert not (tmp_path / "matrix").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "PLAN is missing: name a YAML file"),
        (("nowhere.yaml",), "nowhere.yaml' can't be read"),
        (("nowhere.yaml", "--cell", "1", "--jobs", "2"), "jobs is about all cells and cell is 1: leave one out"),
        (("nowhere.yaml", "--junit", "/nowhere/x.xml"), "junit is '/nowhere/x.xml', and there is no directory"),
    ],
)
def test_what_cannot_be_is_refused(args: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["matrix", *args]) == 2
    assert said in capsys.readouterr().err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["matrix", "--schema"]) == 0
    assert '"abandon-instances"' in capsys.readouterr().out
