"""Starts a driven run as a process of its own and tells it what to do."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(__file__).with_name("driven_run.py")


class Driven:
    """The process and its URL."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        self.url = process.stdout.readline().strip()
        self.pid = process.pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def tell(self, **order: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def driven_run(web_config: Path | None = None) -> Iterator[Driven]:
    argv = [sys.executable, str(PROGRAM), "127.0.0.1:0", *([str(web_config)] if web_config else [])]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Driven(process)
        finally:
            process.kill()
