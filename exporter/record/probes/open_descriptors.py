"""Open file descriptors of the subject: sockets show here first when instances are left behind."""

from typing import ClassVar

import psutil

from exporter.record.column import Column, Group, Series, Unit, probed


class OpenDescriptorsProbe:
    """How many file descriptors the subject has open."""

    name: ClassVar[str] = "open_descriptors"
    column: ClassVar[Column] = Column(
        "open_fds",
        Unit.COUNT,
        "Descriptors that the subject holds open.",
        probed("open_fds"),
        title="File descriptors",
        group=Group.PROCESS,
        series=Series.COUNT,
        label="the number of open descriptors",
        part="descriptors",
        side="in descriptors",
    )
    metric: ClassVar[str] = "memtest_open_fds"
    help: ClassVar[str] = "Open file descriptors of the subject, read at the scrape."
    at_scrape: ClassVar[bool] = True

    def read(self, process: psutil.Process) -> int:
        return process.num_fds()
