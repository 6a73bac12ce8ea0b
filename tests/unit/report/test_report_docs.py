"""The commands of docs/report.md are commands of the program."""

import re
import shlex
from pathlib import Path

import click
import pytest

from exporter.cli import plot, run

PAGE = (Path(__file__).parents[3] / "docs" / "report.md").read_text()
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.replace("\\\n", "").splitlines()]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_is_understood(line: str) -> None:
    program, *arguments = shlex.split(line, comments=True)
    assert program == "exporter"
    command: click.Command = plot.command if arguments[0] == "plot" else run.command
    given = arguments[1:] if arguments[0] == "plot" else arguments
    with command.make_context("exporter", given, resilient_parsing=False) as context:
        assert any(context.params.values())


def test_the_pictures_of_the_page_are_there() -> None:
    images = re.findall(r"\]\((images/.*?)\)", PAGE)
    assert images
    assert all((Path(__file__).parents[3] / "docs" / image).is_file() for image in images)
