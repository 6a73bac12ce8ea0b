"""Threads of the subject."""

from typing import ClassVar

import psutil


class ThreadsProbe:
    """How many threads the subject has."""

    name: ClassVar[str] = "threads"
    column: ClassVar[str] = "threads"

    def read(self, process: psutil.Process) -> int:
        return process.num_threads()
