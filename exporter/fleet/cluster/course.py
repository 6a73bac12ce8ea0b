"""A plan on a cluster, from its Job to its table: made or found, followed, left or removed."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from exporter.exit_codes import ExitCode
from exporter.fleet.cells import Cell
from exporter.fleet.cluster.api import ApiError, Cluster, Source
from exporter.fleet.cluster.following import Listed, Seen, Told, Trouble, follow
from exporter.fleet.cluster.objects import Job, Notice, Pod
from exporter.fleet.cluster.progress import Progress
from exporter.fleet.result import Result
from exporter.processes.daemon_threads import in_daemon_thread
from exporter.runs.console import Console
from exporter.runs.interrupts import handle_interrupts

# Ends and the progress are told this often at most: a thousand cells change many times a second.
SAID_EVERY_SECONDS = 0.5


class Course:
    """Follows the Job of a plan; ``results`` are those of the cells that are not tried again."""

    def __init__(self, cluster: Cluster, name: str, cells: Sequence[Cell], console: Console) -> None:
        self.interrupted = False
        self.results: dict[int, Result] = {}
        self._cluster = cluster
        self._name = name
        self._cells = cells
        self._console = console
        self._progress = Progress(cells)
        self._begun: dict[int, str] = {}  # the pods of cells that have been said to be started
        self._warned: set[str] = set()

    async def follow(self) -> None:
        """Watch until the Job has ended or somebody interrupts; raises ApiError if it is gone or can't be seen."""
        told: asyncio.Queue[Any] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(each: object) -> None:
            with contextlib.suppress(RuntimeError):  # nobody waits any more: the loop is closed
                loop.call_soon_threadsafe(told.put_nowait, each)

        def interrupt() -> None:
            self.interrupted = True
            told.put_nowait(None)

        handle_interrupts(interrupt, lambda: os._exit(ExitCode.INTERRUPTED))
        stop = threading.Event()
        self._watch(self._cluster.pod_source(self._name), tell, stop)
        self._watch(self._cluster.job_source(self._name), tell, stop)
        # Who may not read events is told less.
        self._watch(self._cluster.refused_pod_source(self._name), _only_seen(tell), stop)
        try:
            while not self.interrupted and (self._progress.job is None or not self._progress.job.end):
                self._see(await told.get())
                while not told.empty():
                    self._see(told.get_nowait())
                self._say()
                await asyncio.sleep(SAID_EVERY_SECONDS)
            if self.interrupted:
                await self._leave()
        finally:
            stop.set()
        # The pods' last states may come after the Job's.
        await in_daemon_thread(self._look_once, "pods")
        self._say()
        self.results = self._progress.results()

    def _watch(self, source: Source[Any], tell: Callable[[Any], Any], stop: threading.Event) -> None:
        in_daemon_thread(partial(follow, self._cluster, source, tell, stop), f"watch-{source.kind.__name__.lower()}")

    def _see(self, told: Told[Pod] | Told[Job] | Told[Notice] | None) -> None:
        match told:
            case Trouble(text, final=True):
                raise ApiError(text)
            case Trouble(text):
                self._warn(f"{text}; asking again")
            case Seen(Pod() as pod):
                if (number := self._progress.see(pod)) is not None:
                    self._say_of(number, pod)
            case Seen(Notice() as notice):
                self._warn(notice.message)
            case Seen(Job() as job, deleted=False):
                self._progress.job = job
            case Seen(Job()):
                raise self._deleted()
            case Listed(kind, names):
                self._warned -= {each for each in self._warned if each.endswith("asking again")}
                if kind is Job and self._name not in names:
                    raise self._deleted()

    def _deleted(self) -> ApiError:
        return ApiError(f"Job {self._name} was deleted before it ended; start it again with the plan")

    def _look_once(self) -> None:
        for page in self._cluster.pages(self._cluster.pod_source(self._name)):
            for pod in page.items:
                self._progress.see(pod)

    def _say_of(self, number: int, pod: Pod) -> None:
        """Tell that a cell has started, or what keeps it from it."""
        if pod.running and self._begun.get(number) != pod.metadata.uid:
            again = number in self._begun
            self._begun[number] = pod.metadata.uid
            self._console.line(f"{self._cells[number].title}: started{' again' if again else ''}")
        if trouble := pod.trouble:
            self._warn(f"{self._cells[number].title}: {trouble}", once=trouble)

    def _say(self) -> None:
        """Tell which cells have ended, and how many run."""
        for number, result in self._progress.results(known_only=True, besides=self.results.keys()).items():
            self.results[number] = result
            self._console.line(f"{self._cells[number].title}: {result.ending}, {result.reason}")
        self._console.status(f"{len(self.results)} of {len(self._cells)} cells done · {self._progress.running} running")

    def _warn(self, text: str, once: str = "") -> None:
        if (once or text) not in self._warned:
            self._warned.add(once or text)
            self._console.warning(text)

    async def _leave(self) -> None:
        """Ask what becomes of the Job, if anybody is there to answer; it goes on by itself."""
        delete = False
        if sys.stdin.isatty():
            ask = partial(
                click.confirm, f"Job {self._name} goes on by itself. Delete it, with its pods?", default=False
            )
            try:
                delete = await in_daemon_thread(ask, "question")
            except click.Abort:
                delete = False
        if delete:
            await in_daemon_thread(partial(remove, self._cluster, self._name), "removal")
            self._console.line(f"Job {self._name} is deleted")
        else:
            self._console.line(
                f"Job {self._name} goes on. To follow it again, from anywhere: "
                f"exporter matrix --kubernetes --namespace {self._cluster.namespace} --job {self._name}"
            )


def _only_seen(tell: Callable[[Any], None]) -> Callable[[Any], None]:
    return lambda told: tell(told) if isinstance(told, Seen) else None


def remove(cluster: Cluster, name: str) -> None:
    """Delete a Job and wait until it and its pods are gone; raises ApiError, also if there is none."""
    cluster.delete(name)
    gone = threading.Event()
    failed: list[str] = []

    def tell(told: Told[Job]) -> None:
        match told:
            case Seen(_, deleted=True):
                gone.set()
            case Listed(names=names) if name not in names:
                gone.set()
            case Trouble(text, final=True):
                failed.append(text)

    follow(cluster, cluster.job_source(name), tell, gone)
    if failed:
        raise ApiError(failed[0])
