"""The supervisor of child processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: the exit code, or minus the signal."""

    code: int

    @property
    def text(self) -> str:
        raise NotImplementedError
