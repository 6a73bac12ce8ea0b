"""What a run proposes at its end can be typed as it stands, and names its files."""

import shlex
from pathlib import Path

import pytest

from exporter.cli import COMMANDS
from exporter.runs.next_steps import next_steps


@pytest.mark.parametrize("files", [["out.csv"], ["my run.csv"], ["out.go.csv", "out.node.csv"]])
def test_the_commands_name_the_files(files: list[str]) -> None:
    head, *commands = next_steps([Path(file) for file in files])
    assert head == "Next:"
    words = [shlex.split(command[command.index("  exporter ") :]) for command in commands]
    assert [word[:1] for word in words] == [["exporter"]] * 3
    assert {word[1] for word in words} < set(COMMANDS)
    assert all(set(files) < set(word) for word in words)


def test_one_run_is_compared_with_an_earlier_one() -> None:
    assert next_steps([Path("out.csv")])[3].endswith("  exporter compare EARLIER.csv out.csv")
    assert next_steps([Path("a.csv"), Path("b.csv")])[3].endswith("  exporter compare a.csv b.csv")


def test_without_a_csv_it_says_how_to_keep_one() -> None:
    (line,) = next_steps([])
    assert "--csv out.csv" in line
