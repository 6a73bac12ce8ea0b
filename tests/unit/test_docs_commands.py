"""Every command line of ours in the pages is one that the program takes: its command and its options exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from exporter.cli import COMMANDS, DEFAULT_COMMAND, cli

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^```(?:sh|bash|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_OURS = re.compile(r"^(?:\w+=\S+ )*exporter (?!\()(.+)$", re.MULTILINE)
_SHELLS = re.compile(r"^([|;&]|\d?>.*)$")  # what ends a command for a shell


def commands_in(page: Path) -> list[list[str]]:
    """The arguments of each command line of ours, as a shell splits them."""
    found = []
    for block in _BLOCK.findall(page.read_text("utf-8")):
        for line in _OURS.findall(block.replace("\\\n", " ")):
            words = shlex.split(line, comments=True)
            end = next((place for place, word in enumerate(words) if _SHELLS.match(word)), len(words))
            found.append(words[:end])
    return found


LINES = [(page.name, words) for page in PAGES for words in commands_in(page)]


@pytest.mark.parametrize(("page", "words"), LINES, ids=[f"{page}: {' '.join(words)[:60]}" for page, words in LINES])
def test_it_is_taken(page: str, words: list[str]) -> None:
    name, *rest = words if words[0] in COMMANDS else [DEFAULT_COMMAND, *words]
    parent = click.Context(cli, info_name="exporter")
    command = cli.get_command(parent, name)
    while isinstance(command, click.Group):
        parent = click.Context(command, parent=parent)
        command = command.get_command(parent, rest.pop(0))
    assert command is not None
    command.make_context(name, [word for word in rest if word != "--debug"], parent=parent)


def test_the_pages_have_command_lines() -> None:
    assert len(LINES) > 30
