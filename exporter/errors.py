"""The errors that reach a user: each says what happened and what to do, and carries an exit code."""

import os
import sys
import traceback
from pathlib import Path
from typing import ClassVar, NamedTuple

from exporter.exit_codes import ExitCode

DEBUG_VARIABLE = "MEMTEST_DEBUG"
_OFF = ("", "0", "false", "no", "off")


class ExporterError(Exception):
    """Base of every expected error; the command line prints its text and ends with ``exit_code``."""

    exit_code: ClassVar[int] = ExitCode.USAGE


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

    exit_code = ExitCode.SUBJECT_DIED


class LoadError(ExporterError):
    """The load could not be made: no payment succeeded, funding failed, or the network went away."""

    exit_code = ExitCode.LOAD_FAILED


class DefectError(ExporterError):
    """Something that can't happen did: a defect of this program, and no statement on the subject."""

    exit_code = ExitCode.DEFECT


def defect_of(error: BaseException) -> DefectError:
    """What an unexpected error is to a user. Its traceback goes to stderr only if MEMTEST_DEBUG says so.

    The sentence names the kind of error and the place, but not the error's text, which may hold anything.
    """
    if os.environ.get(DEBUG_VARIABLE, "").lower() not in _OFF:
        traceback.print_exception(error, file=sys.stderr)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return DefectError(
        f"unexpected {type(error).__name__}{place}: this is a defect of exporter, not a finding; "
        "report it with the text that --debug adds"
    )
