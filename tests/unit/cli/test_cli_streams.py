"""Output that nobody reads, that a disk refuses, that has another alphabet: the exit code stays what it is."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes

PRINT = """
import sys
from exporter.cli.streams import guard_streams
guard_streams()
for number in range(1000):
    print("π" * 1000)
print("went on", file=sys.stderr)
sys.exit(3)
"""


def printing(shell: str, **environment: str) -> tuple[int, str, str]:
    """Run a program that prints, by a line of shell in which PRINT is the program."""
    command = shell.replace("PRINT", '"$0" -c "$1"')
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, PRINT],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("shell", ["PRINT >&-", "PRINT > /dev/null"])
def test_without_a_reader_it_goes_on(shell: str) -> None:
    assert printing(shell) == (3, "", "went on\n")


def test_a_reader_that_goes_away_ends_the_printing_only() -> None:
    code, out, errors = printing("{ PRINT; echo $? >&2; } | head -c 2")
    assert (code, out, errors) == (0, "π", "went on\n3\n")


def test_a_full_disk_is_said_once() -> None:
    code, _, errors = printing("PRINT > /dev/full")
    assert code == 3
    assert errors == "standard output can't be written: No space left on device; going on without it\nwent on\n"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_text_that_the_encoding_does_not_have_is_replaced(encoding: str) -> None:
    code, out, errors = printing("PRINT", PYTHONIOENCODING=encoding)
    assert (code, errors) == (3, "went on\n")
    assert out.startswith("????")


def test_without_standard_error_it_goes_on() -> None:
    code, out, errors = printing("PRINT 2>&-")
    assert (code, errors) == (3, "")
    assert out.startswith("π")
