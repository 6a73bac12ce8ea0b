"""The files of cells in object storage, fetched and reported as if the cells had run here."""

import sys
import textwrap
from pathlib import Path

import pytest
from object_storage import object_storage

from exporter.cli import exit_code_of
from exporter.fleet import local
from exporter.fleet.cluster.cell import run_cell
from exporter.fleet.plan import parse_plan

pytestmark = pytest.mark.processes

FAKE_RUN = (sys.executable, "-S", str(Path(__file__).parents[2] / "fixtures" / "fake_run.py"))
URL = "s3://bucket/soak/job"
PLAN = textwrap.dedent(
    """
    name: try
    drivers: [python, {name: own, command: "./driver --fast"}]
    scenarios: {leaky: {abandon-instances: true}, clean: {}}
    durations: [10s]
    exclude: [{driver: own, scenario: leaky}]
    kubernetes:
      limits: {cpu: 2}
      linger: 1s
      artefacts: {url: "s3://bucket/soak/", secret: keys}
    """
)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(local, "RUN_COMMAND", FAKE_RUN)
    return object_storage(tmp_path, monkeypatch)


def run(number: int, directory: Path) -> None:
    """Run a cell as its pod does."""
    run_cell(parse_plan(PLAN.encode()), number, directory / "job", directory / "told")


def test_cells_in_storage_are_reported_without_their_plan_and_their_cluster(
    tmp_path: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(0, tmp_path / "first pod")
    assert exit_code_of(["matrix", "--fetch", URL]) == 1
    assert capsys.readouterr().out.count("1 not run") == 2
    run(1, tmp_path / "second pod")
    run(2, tmp_path / "third pod")
    assert exit_code_of(["matrix", "--fetch", f"{URL}/", "--json", "all.json"]) == 1
    said = capsys.readouterr().out
    assert "not run" not in said
    page = (tmp_path / "matrix-try" / "report.html").read_text()
    assert all(label in page for label in ("python leaky 10s #1", "python clean 10s #1", "own clean 10s #1"))
    for number in range(3):
        kept = {path.name: path.read_bytes() for path in (bucket / "soak" / "job" / "cells" / str(number)).iterdir()}
        here = tmp_path / "matrix-try" / "cells" / str(number)
        assert {path.name: path.read_bytes() for path in here.iterdir()} == kept


def test_what_a_storage_lacks_or_refuses_is_said(
    tmp_path: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(["matrix", "--fetch", URL]) == 2
    assert f"fetch is {URL}, where there is no plan.json: name the directory of a Job" in capsys.readouterr().err
    (bucket / "soak" / "job").mkdir(parents=True)
    (bucket / "soak" / "job" / "plan.json").write_text('{"name": "try"}')
    assert exit_code_of(["matrix", "--fetch", URL]) == 2
    assert "plan.json" in capsys.readouterr().err
    (tmp_path / "plan.yaml").write_text(PLAN)
    assert exit_code_of(["matrix", "plan.yaml", "--fetch", URL]) == 2
    assert f"fetch is {URL}, which has no result of this plan's cells" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--fetch", "http://bucket/soak"), "fetch is 'http://bucket/soak': write it like s3://bucket/prefix"),
        (("--fetch", URL, "--jobs", "2"), "jobs is of cells that run and fetch runs none: leave one out"),
        (("--fetch", URL, "--kubernetes", "--job", "x"), "fetch is of cells that run here"),
    ],
)
def test_a_fetch_that_cannot_be_is_refused(
    args: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(["matrix", *args]) == 2
    assert said in capsys.readouterr().err
