"""The exit codes of every command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the end of a command says to scripts; README.md has the same list."""

    NO_LEAK = 0  # or inconclusive; done, of a command without a verdict
    LEAK = 1  # of `compare`: worse
    USAGE = 2
    INCONCLUSIVE = 3
    SUBJECT_DIED = 4
    LOAD_FAILED = 5
    DEFECT = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130
