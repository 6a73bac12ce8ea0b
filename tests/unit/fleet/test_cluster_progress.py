"""What the cells of a Job have come to, from what the API tells of its pods in any order."""

import msgspec
from fleet_on_cluster import job, pod
from fleet_plans import nightly, result_of

from exporter.exit_codes import ExitCode
from exporter.fleet.cells import cells_of, fingerprint
from exporter.fleet.cluster.objects import indexes
from exporter.fleet.cluster.progress import Progress
from exporter.fleet.result import Result, encode
from exporter.record.terms import Verdict

CELLS = cells_of(nightly())


def said(number: int, verdict: Verdict = Verdict.NO_LEAK) -> dict[str, object]:
    """How the container of a cell ends that tells its result."""
    result = msgspec.structs.replace(result_of(CELLS[number], verdict), plan=fingerprint(CELLS))
    return {"exitCode": result.exit_code, "reason": "Error", "message": encode(result).decode()}


def result(terminated: dict[str, object] | None, phase: str = "Failed") -> Result:
    progress = Progress(CELLS)
    progress.see(pod(0, phase, terminated=terminated))
    progress.job = job(failed="0")
    return progress.results()[0]


def test_a_result_comes_in_the_last_words_of_a_container() -> None:
    found = result(said(0, Verdict.LEAK))
    assert (found.verdict, found.exit_code, found.payments) == (Verdict.LEAK, 1, 1000)


def test_out_of_memory_is_a_result_the_subject_died() -> None:
    found = result({"exitCode": 137, "reason": "OOMKilled"})
    assert found.exit_code == ExitCode.SUBJECT_DIED
    assert found.reason.startswith("out of memory")
    assert found.final


def test_a_container_that_says_nothing_has_its_exit_code_and_words_of_others_are_not_believed() -> None:
    assert result({"exitCode": 70, "reason": "Error"}).exit_code == ExitCode.DEFECT
    assert result({"exitCode": 70, "reason": "Error", "message": "boom"}).reason.endswith("(Error, exit code 70): boom")
    assert result({"exitCode": 1, "reason": "Error", "message": said(1)["message"]}).verdict is None


def test_a_pod_that_ended_without_a_container_is_a_defect_of_ours() -> None:
    assert result(None).exit_code == ExitCode.DEFECT


def test_a_cell_whose_pod_is_gone_is_known_by_the_job_alone() -> None:
    progress = Progress(CELLS)
    progress.job = job(completed="0", failed="1")
    assert progress.results(known_only=True) == {}
    assert {number: found.exit_code for number, found in progress.results().items()} == {0: 0, 1: 70}


def test_of_several_tries_the_last_one_counts_in_whatever_order_they_are_told() -> None:
    first = pod(0, "Failed", terminated={"exitCode": 5, "reason": "Error"}, created=1)
    second = pod(0, "Failed", terminated=said(0, Verdict.LEAK), created=15)
    for order in ((first, second), (second, first)):
        progress = Progress(CELLS)
        for each in order:
            progress.see(each)
        progress.job = job(failed="0")
        assert progress.results()[0].verdict is Verdict.LEAK


def test_what_is_tried_again_has_no_result_yet() -> None:
    progress = Progress(CELLS)
    progress.see(pod(0, "Failed", terminated={"exitCode": 5, "reason": "Error"}))
    progress.job = job()
    assert progress.results() == {}


def test_pods_of_no_cell_are_left_out() -> None:
    progress = Progress(CELLS)
    assert progress.see(pod(len(CELLS))) is None
    assert progress.running == 0


def test_what_keeps_a_pod_from_starting_is_told() -> None:
    unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "1 Insufficient cpu"}
    pulling = {"reason": "ImagePullBackOff", "message": "no such image"}
    assert pod(0, "Pending", waiting=pulling).trouble == "ImagePullBackOff: no such image"
    assert pod(1, "Pending", condition=unplaced).trouble == "no node takes it: 1 Insufficient cpu"
    assert pod(2, "Pending", waiting={"reason": "ContainerCreating"}).trouble == ""


def test_an_earlier_try_that_is_told_later_is_no_news() -> None:
    progress = Progress(CELLS)
    assert progress.see(pod(0, created=15)) == 0
    assert progress.see(pod(0, "Pending", created=1)) is None
    assert progress.running == 1


def test_a_job_that_fails_has_ended_too() -> None:
    assert job(end="Failed").end
    assert job(end="Complete").end
    assert job(completed="0-9").end is None


def test_indexes_are_read_as_the_api_writes_them() -> None:
    assert indexes("") == frozenset()
    assert indexes("0,3-5,7") == {0, 3, 4, 5, 7}
