"""Open file descriptors of the subject: sockets show here first when instances are left behind."""

from typing import ClassVar

import psutil


class OpenDescriptorsProbe:
    """How many file descriptors the subject has open."""

    name: ClassVar[str] = "open_descriptors"
    column: ClassVar[str] = "open_fds"

    def read(self, process: psutil.Process) -> int:
        return process.num_fds()
