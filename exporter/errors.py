"""The errors that reach a user: each says what happened and what to do, and carries an exit code."""

from typing import ClassVar


class ExporterError(Exception):
    """Base of every expected error; the command line prints its text and ends with ``exit_code``."""

    exit_code: ClassVar[int] = 2


class ConfigError(ExporterError):
    """A setting is missing, malformed or contradicts another: names the key, the value and the remedy."""


class SubjectError(ExporterError):
    """The SDK under test ended, or stopped answering, before it was told to."""

    exit_code = 4


class LoadError(ExporterError):
    """The load could not be made: no payment succeeded, funding failed, or the network went away."""

    exit_code = 5
