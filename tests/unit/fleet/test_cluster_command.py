"""`exporter matrix --kubernetes` without a cluster: what it prints, and what it refuses in which words."""

from pathlib import Path

import pytest
import yaml
from fleet_on_cluster import PLACED

from exporter.cli import exit_code_of
from exporter.fleet.cluster.job import job_of
from exporter.fleet.plan import parse_plan

# Nobody listens on the port.
KUBECONFIG = """
clusters: [{name: test, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: test, user: {token: x}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
current-context: test
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "plan.yaml"
    path.write_text(PLACED)
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    return str(path)


def test_a_dry_run_prints_the_job_and_asks_no_cluster(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["matrix", plan, "--kubernetes", "--dry-run", "--job", "mine"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == job_of(parse_plan(PLACED.encode()), PLACED, "mine")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--kubernetes", "--jobs", "2"], "jobs is of cells that run here"),
        (["--kubernetes", "--cell", "2"], "cell is of cells that run here"),
        (["--job", "mine"], "job is about a cluster: add --kubernetes"),
        (["--delete"], "delete is about a cluster: add --kubernetes"),
        (
            ["--kubernetes", "--context", "other"],
            "Expected object with name other",
        ),
        (
            ["--kubernetes"],
            "be reached ([Errno 111] Connection refused); see that the cluster is up",
        ),
    ],
)
def test_what_cant_be_is_refused_in_a_sentence(
    plan: str, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert exit_code_of(["matrix", plan, *more]) == 2
    assert said in capsys.readouterr().err


def test_without_a_plan_a_job_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["matrix", "--kubernetes"]) == 2
    assert "PLAN is missing" in capsys.readouterr().err
