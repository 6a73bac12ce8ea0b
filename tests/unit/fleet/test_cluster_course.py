"""Following a Job: what is said, when it ends, and what broken connections and vanished objects come to."""

import asyncio
import io
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import click
import msgspec
import pytest
from fleet_on_cluster import job, pod
from fleet_plans import nightly, result_of

from exporter.fleet.cells import cells_of, fingerprint
from exporter.fleet.cluster.api import ApiError, Cluster, GoneError, Source
from exporter.fleet.cluster.course import SAID_EVERY_SECONDS, Course, remove
from exporter.fleet.cluster.following import Listed, Seen, Told, Trouble, follow
from exporter.fleet.cluster.objects import Job, Listing, ListMetadata, Metadata, Notice, Pod
from exporter.fleet.result import encode
from exporter.record.terms import Verdict
from exporter.runs.console import Console

CELLS = cells_of(nightly())[:2]
Step = Any  # an object that has changed, or what the API answers instead


class FakeCluster(Cluster):
    """An API whose answers are laid out: what is there at first, then one change after the other."""

    def __init__(self, jobs: Sequence[Step], pods: Sequence[Step], notices: Sequence[Step] = ()) -> None:
        super().__init__(None, None, "soak")
        self.deleted: list[str] = []
        self._steps: dict[type, queue.Queue[Step]] = {kind: queue.Queue() for kind in (Job, Pod, Notice)}
        self._known: dict[type, dict[str, Any]] = {Job: {}, Pod: {}, Notice: {}}
        self._pods_told = threading.Event()
        self._known[Job]["job"] = job()
        for kind, steps in ((Job, jobs), (Pod, pods), (Notice, notices)):
            for step in steps:
                self._steps[kind].put(step)

    def job_source(self, name: str) -> Source[Job]:
        return Source(lambda: None, Job)

    def pod_source(self, job: str) -> Source[Pod]:
        return Source(lambda: None, Pod)

    def refused_pod_source(self, job: str) -> Source[Notice]:
        return Source(lambda: None, Notice)

    def delete(self, name: str) -> None:
        self.deleted.append(name)
        self._known[Job].clear()

    def pages(self, source: Source[Any]) -> Iterator[Listing[Any]]:
        yield Listing(ListMetadata(resource_version="1"), list(self._known[source.kind].values()))

    def changes(self, source: Source[Any], version: str, stop: threading.Event) -> Iterator[tuple[str, Any]]:
        while not stop.is_set():
            try:
                step = self._steps[source.kind].get(timeout=0.05)
            except queue.Empty:
                if source.kind is Pod:
                    self._pods_told.set()
                continue
            if isinstance(step, Exception):
                raise step
            kind, item = step if isinstance(step, tuple) else ("MODIFIED", step)
            if isinstance(item, Job) and item.end:  # it ends after its pods
                self._pods_told.wait(60)
            self._known[source.kind][item.metadata.name] = item
            yield kind, item


def ended(number: int, verdict: Verdict) -> Pod:
    result = msgspec.structs.replace(result_of(CELLS[number], verdict), plan=fingerprint(CELLS))
    phase = "Succeeded" if result.exit_code == 0 else "Failed"
    terminated = {"exitCode": result.exit_code, "reason": "x", "message": encode(result).decode()}
    return pod(number, phase, terminated=terminated)


def followed(cluster: Cluster) -> tuple[Course, str]:
    """A course that has come to its end, and what it has printed."""
    output = io.StringIO()
    course = Course(cluster, "job", CELLS, Console(output))
    asyncio.run(asyncio.wait_for(course.follow(), 60))
    return course, output.getvalue()


def test_cells_are_told_as_they_start_and_end_until_the_job_has() -> None:
    pods = [pod(0), pod(1), ended(0, Verdict.NO_LEAK), ended(1, Verdict.LEAK)]
    course, output = followed(FakeCluster([job(), job("0"), job("0", "1"), job("0", "1", end="Failed")], pods))
    assert {number: result.verdict for number, result in course.results.items()} == {
        0: Verdict.NO_LEAK,
        1: Verdict.LEAK,
    }
    assert output.count(": started") == 2
    assert f"Cell 1, {CELLS[1].label}: leak, as told" in output


def test_many_changes_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Console, "status", lambda _, text: told.append(text))
    began = time.monotonic()
    course, _ = followed(FakeCluster([job(), job(end="Failed")], [pod(0)] * 1000))
    most = 3 + (time.monotonic() - began) / SAID_EVERY_SECONDS
    assert 2 <= len(told) <= most
    assert told[-1] == "0 of 2 cells done · 1 running"
    assert course.results == {}


def test_what_keeps_cells_from_starting_is_said_once() -> None:
    waiting = {"reason": "ErrImagePull", "message": "no such image"}
    pods = [pod(0, "Pending", waiting=waiting), pod(1, "Pending", waiting=waiting), pod(0, "Pending", waiting=waiting)]
    _, output = followed(FakeCluster([job(end="Failed")], pods))
    assert output.count("ErrImagePull: no such image") == 1


def test_why_no_pods_are_made_is_said_and_who_may_not_know_goes_on() -> None:
    notice = Notice(Metadata(name="a"), "Error creating: exceeded quota")
    cluster = FakeCluster([job()], [], [notice])
    course = Course(cluster, "job", CELLS, Console(output := io.StringIO()))
    course._see(Seen(notice))
    course._see(Seen(notice))
    assert output.getvalue() == "Error creating: exceeded quota\n"
    followed(FakeCluster([job(end="Complete")], [], [ApiError("events is forbidden", status=403)]))


def test_a_server_that_goes_away_is_asked_again() -> None:
    pods = [GoneError("too old"), pod(0), ended(0, Verdict.NO_LEAK)]
    course, _ = followed(FakeCluster([job(), GoneError("too old"), job("0"), job("0", end="Complete")], pods))
    assert course.results[0].verdict is Verdict.NO_LEAK


def test_a_job_that_is_deleted_meanwhile_ends_the_following_in_a_sentence() -> None:
    with pytest.raises(ApiError, match="Job job was deleted before it ended"):
        followed(FakeCluster([job(), ("DELETED", job())], []))


def test_a_refusal_ends_the_following() -> None:
    with pytest.raises(ApiError, match="pods is forbidden"):
        followed(FakeCluster([job()], [ApiError("pods is forbidden", status=403)]))


def test_an_interrupt_leaves_the_job_and_says_how_to_come_back() -> None:
    cluster = FakeCluster([job()], [])
    output = io.StringIO()

    async def interrupted() -> Course:
        course = Course(cluster, "job", CELLS, Console(output))
        asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGINT)
        await asyncio.wait_for(course.follow(), 60)
        return course

    course = asyncio.run(interrupted())
    assert course.interrupted
    assert cluster.deleted == []
    assert "exporter matrix --kubernetes --namespace soak --job job" in output.getvalue()


@pytest.mark.parametrize("answer", [True, False])
def test_at_a_terminal_an_interrupt_asks_what_becomes_of_the_job(
    monkeypatch: pytest.MonkeyPatch, *, answer: bool
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", Terminal())

    def confirm(question: str, default: bool) -> bool:
        asked.append(question)
        return answer

    monkeypatch.setattr(click, "confirm", confirm)
    cluster = FakeCluster([job()], [])
    output = io.StringIO()
    course = Course(cluster, "job", CELLS, Console(output))
    asyncio.run(asyncio.wait_for(course._leave(), 60))
    assert asked == ["Job job goes on by itself. Delete it, with its pods?"]
    assert cluster.deleted == (["job"] if answer else [])
    assert ("Job job is deleted" in output.getvalue()) == answer


def test_removing_waits_until_the_job_is_gone() -> None:
    cluster = FakeCluster([("DELETED", job())], [])
    remove(cluster, "job")
    assert cluster.deleted == ["job"]


def test_trouble_is_told_and_asked_again_after_a_pause_and_a_refusal_is_the_end() -> None:
    told: list[Told[Job]] = []
    stop = threading.Event()
    stop.wait = lambda timeout=None: False  # type: ignore[method-assign]  # no pause
    steps = [ApiError("down", status=503), job(), ApiError("forbidden", status=403)]
    follow(FakeCluster(steps, []), Source(lambda: None, Job), told.append, stop)
    assert [each for each in told if isinstance(each, Trouble)] == [
        Trouble("down"),
        Trouble("forbidden", final=True),
    ]
    assert sum(isinstance(each, Listed) for each in told) == 2
    assert any(isinstance(each, Seen) for each in told)
