"""The errors that reach a user: each says what happened and what to do, and carries an exit code."""

from typing import ClassVar, NamedTuple


class ExporterError(Exception):
    """Base of every expected error; the command line prints its text and ends with ``exit_code``."""

    exit_code: ClassVar[int] = 2


class Complaint(NamedTuple):
    """What is wrong: names the thing, its value and the remedy. ``about`` are the fields of the settings concerned."""

    text: str
    about: frozenset[str] = frozenset()


class ConfigError(ExporterError):
    """Settings are missing, malformed or contradict each other; ``complaints`` are all that is wrong with them."""

    def __init__(self, *complaints: str | Complaint) -> None:
        self.complaints = tuple(each if isinstance(each, Complaint) else Complaint(each) for each in complaints)
        super().__init__("; ".join(dict.fromkeys(each.text for each in self.complaints)))


class SubjectError(ExporterError):
    """The SDK under test ended, or stopped answering, before it was told to."""

    exit_code = 4


class LoadError(ExporterError):
    """The load could not be made: no payment succeeded, funding failed, or the network went away."""

    exit_code = 5
