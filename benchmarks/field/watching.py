"""Runs of `exporter watch`, one for each subject, several side by side."""

import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
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
    """Watch those subjects whose run is not there yet, ``at_once`` of them at a time; say how it goes."""
    missing = [subject for subject in subjects if not watch.csv(subject).exists()]
    missing.sort(key=lambda subject: -(subject.minutes or watch.minutes))  # the longest decide when all are over
    (watch.directory / "runs").mkdir(parents=True, exist_ok=True)
    commands = {}
    for number, subject in enumerate(missing, 1):
        _say(f"environment {number} of {len(missing)}: {subject.name}")
        commands[subject.name] = environments.make(subject, watch.directory / "environments")
    running: list[subprocess.Popen[bytes]] = []
    with ThreadPoolExecutor(at_once) as pool:
        try:
            waiting = {
                pool.submit(_watch, subject, commands[subject.name], watch, running): subject for subject in missing
            }
            for done, future in enumerate(as_completed(waiting), 1):
                _say(f"run {done} of {len(missing)} over: {waiting[future].name}: {future.result()}")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.terminate()


def _watch(subject: Subject, command: list[str], watch: Watch, running: list[subprocess.Popen[bytes]]) -> str:
    time.sleep(_APART_SEC * (len(running) + 1))
    minutes = subject.minutes or watch.minutes
    unfinished, log = watch.csv(subject).with_suffix(".unfinished"), watch.csv(subject).with_suffix(".log")
    profiles = f"127.0.0.1:{_free_port()}" if watch.tells and subject.language == "go" else ""
    arguments = [
        *(sys.executable, "-P", "-m", "exporter", "watch", "--quiet", "--fail-on", "never"),
        *("--duration", f"{round(minutes * 60)}s", "--mem-interval", f"{watch.every_sec:g}s"),
        *("--csv", str(unfinished), "--csv-overwrite", "--listen-address", "127.0.0.1:0"),
        *("--run-name", subject.name, "--payments-from", r"^operations (\d+)$"),
        *(() if watch.tells else ("--agent", "none")),
        *(("--pprof", f"http://{profiles}") if profiles else ()),
        *("--", *command, "--per-second", f"{subject.per_second:g}"),
        *(("-pprof", profiles) if profiles else ()),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        running.append(process)
        try:
            code = process.wait(timeout=minutes * 60 + _SPARE_SEC)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"did not end in time; {log} may say why"
        finally:
            running.remove(process)
    if code:
        return f"ended with exit code {code}; {log} says why"
    unfinished.rename(watch.csv(subject))
    return "complete"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
