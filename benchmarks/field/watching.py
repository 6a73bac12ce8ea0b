"""Runs of `exporter watch`, one for each subject, several side by side."""

import asyncio
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from . import environments
from .cases import Subject

_APART_SEC = 4  # starts one after another, so that the machine is never busy with starting only
_SPARE_SEC = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How subjects are watched: into which directory, for how long, how often sampled, and whether they may tell.

    A subject that tells has an agent in Python, and serves its profiles in Go; else it is seen from outside only.
    """

    directory: Path
    minutes: float
    every_sec: float
    tells: bool

    def csv(self, subject: Subject) -> Path:
        """Where the run of ``subject`` is; it is there under this name only once it is whole."""
        return self.directory / "runs" / f"{subject.name}.csv"


def watch_all(subjects: list[Subject], watch: Watch, at_once: int) -> None:
    """Watch those subjects whose run is not there yet, ``at_once`` of them at a time; say how it goes.

    Interrupted, it ends what it has started; the runs that were complete by then stay.
    """
    missing = [subject for subject in subjects if not watch.csv(subject).exists()]
    missing.sort(key=lambda subject: -(subject.minutes or watch.minutes))  # the longest decide when all are over
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
    minutes = subject.minutes or watch.minutes
    unfinished, log = watch.csv(subject).with_suffix(".unfinished"), watch.csv(subject).with_suffix(".log")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *_arguments(subject, command, watch, minutes, unfinished),
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            stdin=asyncio.subprocess.DEVNULL,
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
    profiles = f"127.0.0.1:{_free_port()}" if watch.tells and subject.language == "go" else ""
    return [
        *(sys.executable, "-P", "-m", "exporter", "watch", "--quiet", "--fail-on", "never"),
        *("--duration", f"{round(minutes * 60)}s", "--mem-interval", f"{watch.every_sec:g}s"),
        *("--csv", str(csv), "--csv-overwrite", "--listen-address", "127.0.0.1:0"),
        *("--run-name", subject.name, "--payments-from", r"^operations (\d+)$"),
        *(() if watch.tells else ("--agent", "none")),
        *(("--pprof", f"http://{profiles}") if profiles else ()),
        *("--", *command, "--per-second", f"{subject.per_second:g}"),
        *(("-pprof", profiles) if profiles else ()),
    ]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
