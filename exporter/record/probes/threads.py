"""Threads of the subject."""

from typing import ClassVar

import psutil

from exporter.record.column import Column, Group, Series, Unit, probed


class ThreadsProbe:
    """How many threads the subject has."""

    name: ClassVar[str] = "threads"
    column: ClassVar[Column] = Column(
        "threads",
        Unit.COUNT,
        "Threads of the subject's process.",
        probed("threads"),
        title="Threads",
        group=Group.PROCESS,
        series=Series.COUNT,
        label="the number of threads",
        part="threads",
        side="in threads",
    )
    metric: ClassVar[str] = "memtest_threads"
    help: ClassVar[str] = "Threads of the subject, read at the scrape."
    at_scrape: ClassVar[bool] = True

    def read(self, process: psutil.Process) -> int:
        return process.num_threads()
