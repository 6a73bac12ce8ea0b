"""Runs of `exporter watch`, or of `exporter` with a driver, one for each subject, several side by side."""

import asyncio
import os
import shlex
import socket
import sys
import time
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from . import environments
from .cases import HERE, Subject

_APART_SEC = 4  # starts one after another, so that the machine is never busy with starting only
_SPARE_SEC = 120
_SOURCE = HERE.parent.parent  # where a driver finds the exporter's own modules


class SeenBy(Enum):
    """Who tells of a subject's heap: nobody, an agent (in Go its profiles), or a driver whose load comes to rest."""

    OUTSIDE = auto()
    AGENT = auto()
    DRIVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How subjects are watched: into which directory, for how long, how often sampled, and who tells of their heaps.

    A subject may ask for other ``minutes``, but for runs by a driver, whose first minutes are what is looked at.
    """

    directory: Path
    minutes: float
    every_sec: float
    seen_by: SeenBy

    def length(self, subject: Subject) -> float:
        """How many minutes a run of ``subject`` takes."""
        return self.minutes if self.seen_by is SeenBy.DRIVER else subject.minutes or self.minutes

    def csv(self, subject: Subject) -> Path:
        """Where the run of ``subject`` is; it is there under this name only once it is whole."""
        return self.directory / "runs" / f"{subject.name}.csv"


def watch_all(subjects: list[Subject], watch: Watch, at_once: int) -> None:
    """Watch those subjects whose run is not there yet, ``at_once`` of them at a time; say how it goes.

    Interrupted, it ends what it has started; the runs that were complete by then stay.
    """
    missing = [subject for subject in subjects if not watch.csv(subject).exists()]
    missing.sort(key=lambda subject: -watch.length(subject))  # the longest decide when all are over
    (watch.directory / "runs").mkdir(parents=True, exist_ok=True)
    commands = {}
    for number, subject in enumerate(missing, 1):
        _say(f"environment {number} of {len(missing)}: {subject.name}")
        commands[subject.name] = environments.make(subject, watch.directory / "environments")
    asyncio.run(_watch_all(missing, commands, watch, at_once))


async def _watch_all(missing: list[Subject], commands: dict[str, list[str]], watch: Watch, at_once: int) -> None:
    free = asyncio.Semaphore(at_once)
    over = 0

    async def one(number: int, subject: Subject) -> None:
        nonlocal over
        await asyncio.sleep(number * _APART_SEC)
        async with free:
            how = await _watch(subject, commands[subject.name], watch)
        over += 1
        _say(f"run {over} of {len(missing)} over: {subject.name}: {how}")

    async with asyncio.TaskGroup() as runs:
        for number, subject in enumerate(missing):
            runs.create_task(one(number, subject))


async def _watch(subject: Subject, command: list[str], watch: Watch) -> str:
    minutes = watch.length(subject)
    unfinished, log = watch.csv(subject).with_suffix(".unfinished"), watch.csv(subject).with_suffix(".log")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *_arguments(subject, command, watch, minutes, unfinished),
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, **({"PYTHONPATH": str(_SOURCE)} if watch.seen_by is SeenBy.DRIVER else {})},
        )
        try:
            code = await asyncio.wait_for(process.wait(), minutes * 60 + _SPARE_SEC)
        except TimeoutError:
            return f"did not end in time; {log} may say why"
        finally:
            if process.returncode is None:
                process.kill()  # what it has started goes with it
                await process.wait()
    if code:
        return f"ended with exit code {code}; {log} says why"
    unfinished.rename(watch.csv(subject))
    return "complete"


def _arguments(subject: Subject, command: list[str], watch: Watch, minutes: float, csv: Path) -> list[str]:
    driven = watch.seen_by is SeenBy.DRIVER
    return [
        *(sys.executable, "-P", "-m", "exporter", "run" if driven else "watch", "--quiet", "--fail-on", "never"),
        *("--duration", f"{round(minutes * 60)}s", "--mem-interval", f"{watch.every_sec:g}s"),
        *("--csv", str(csv), "--csv-overwrite", "--listen-address", "127.0.0.1:0", "--run-name", subject.name),
        *(_by_driver(subject, command) if driven else _by_watch(subject, command, watch.seen_by)),
    ]


def _by_driver(subject: Subject, command: list[str]) -> list[str]:
    return [
        *("--interval", f"{1 / subject.per_second:g}s"),
        *("--driver-command", shlex.join([*command, "--driven"])),
    ]


def _by_watch(subject: Subject, command: list[str], seen_by: SeenBy) -> list[str]:
    profiles = f"127.0.0.1:{_free_port()}" if seen_by is SeenBy.AGENT and subject.language == "go" else ""
    return [
        *("--payments-from", r"^operations (\d+)$"),
        *(("--agent", "none") if seen_by is SeenBy.OUTSIDE else ()),
        *(("--pprof", f"http://{profiles}") if profiles else ()),
        *("--", *command, "--per-second", f"{subject.per_second:g}"),
        *(("-pprof", profiles) if profiles else ()),
    ]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
