"""A cell inside its container: what it tells, and that files that can't be put away cost no result."""

from pathlib import Path

import msgspec
import pytest
from fleet_plans import NIGHTLY, result_of
from object_storage import object_storage

from exporter.errors import ConfigError
from exporter.exit_codes import ExitCode
from exporter.fleet import storage
from exporter.fleet.cluster import cell
from exporter.fleet.cluster.cell import run_cell
from exporter.fleet.plan import Plan, parse_plan
from exporter.fleet.result import decode
from exporter.fleet.workspace import Workspace
from exporter.record.terms import Verdict
from exporter.settings.credentials import SECRET_VARIABLES

STORED = f"{NIGHTLY}\nkubernetes: {{artefacts: {{url: 's3://bucket/soak/'}}}}"


def ended(directory: Path, plan: Plan) -> Workspace:
    """A workspace in which a container before has run cell 2 to its end."""
    workspace = Workspace(directory, plan)
    third = workspace.cells[2]
    workspace.place(third).mkdir(parents=True)
    workspace.keep(third, msgspec.structs.replace(result_of(third, Verdict.LEAK), plan=workspace.fingerprint))
    return workspace


def test_a_cell_that_an_earlier_container_has_ended_is_told_and_not_run_again(tmp_path: Path) -> None:
    plan = parse_plan(NIGHTLY.encode())
    workspace = ended(tmp_path / "job", plan)
    assert run_cell(plan, 2, tmp_path / "job", tmp_path / "log") == 1
    told = decode((tmp_path / "log").read_bytes())
    assert told == workspace.result(workspace.cells[2])


def test_a_cell_that_the_plan_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cell is 10: the plan has the cells 0 to 9"):
        run_cell(parse_plan(NIGHTLY.encode()), 10, tmp_path, tmp_path / "log")


def test_a_plan_that_cant_be_used_is_told_in_the_last_words_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cell, "TERMINATION_LOG", tmp_path / "log")
    (tmp_path / "plan.yaml").write_text("name: Not A Name")
    assert cell._main(str(tmp_path / "plan.yaml"), "2", str(tmp_path / "job")) == ExitCode.USAGE
    told = decode((tmp_path / "log").read_bytes())
    assert (told.exit_code, told.cell) == (ExitCode.USAGE, 2)
    assert "drivers is missing" in told.reason
    assert told.reason[:100] in capsys.readouterr().err


def test_files_go_below_the_url_by_job_and_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = object_storage(tmp_path, monkeypatch)
    plan = parse_plan(STORED.encode())
    ended(tmp_path / "job", plan)
    run_cell(plan, 2, tmp_path / "job", tmp_path / "log")
    kept = {str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file()}
    assert kept == {"soak/job/plan.json", "soak/job/cells/2/result.json"}


def test_storage_that_fails_costs_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no such bucket")

    monkeypatch.setattr(storage, "put", fail)
    plan = parse_plan(STORED.encode())
    ended(tmp_path / "job", plan)
    assert run_cell(plan, 2, tmp_path / "job", tmp_path / "log") == 1
    assert decode((tmp_path / "log").read_bytes()).verdict is Verdict.LEAK
    assert "the files of cell 2 are not at s3://bucket/soak/: no such bucket" in caplog.text


def test_the_subject_does_not_see_the_keys_of_the_storage() -> None:
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} <= SECRET_VARIABLES
