"""What is said of recorded runs stays word for word; ``python -m tools.golden`` renews it."""

import json
from pathlib import Path

import pytest

from tools.golden import CASES, GOLDEN, leaves, of_recorded

# Machines differ in a float's last digits, and about zero in all of them.
RELATIVE, ABSOLUTE = 1e-6, 1e-9


def golden(name: str) -> str:
    return (GOLDEN / name).read_text("utf-8")


def figures(document: dict[str, object]) -> dict[str, float]:
    return {path: value for path, value in document.items() if isinstance(value, int | float)}


def words(document: dict[str, object]) -> dict[str, object]:
    return {path: value for path, value in document.items() if not isinstance(value, int | float)}


@pytest.mark.parametrize("name", [name for name in CASES if Path(name).suffix != ".json"])
def test_the_words_are_those_of_the_golden_file(name: str) -> None:
    assert of_recorded(CASES[name]) == golden(name)


@pytest.mark.parametrize("name", [name for name in CASES if Path(name).suffix == ".json"])
def test_the_figures_are_those_of_the_golden_file(name: str) -> None:
    found, expected = leaves(json.loads(of_recorded(CASES[name]))), leaves(json.loads(golden(name)))
    assert list(found) == list(expected)
    assert words(found) == words(expected)
    assert figures(found) == pytest.approx(figures(expected), rel=RELATIVE, abs=ABSOLUTE)


def test_every_golden_file_is_compared() -> None:
    live = {path.relative_to(GOLDEN).as_posix() for path in (GOLDEN / "live").iterdir()}
    assert {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.*")} == set(CASES) | live
