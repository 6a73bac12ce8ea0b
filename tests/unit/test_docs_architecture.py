"""The page on the architecture shows the rooms that there are, in the order that the linter keeps."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def floors_on_the_page() -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for floor, room in re.findall(r"^\| (\d+) \| `(\w+)(?:/|\.py)` \|", PAGE, re.MULTILINE):
        found.setdefault(int(floor), set()).add(room)
    return found


def floors_of_the_contract() -> dict[int, set[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = project["tool"]["importlinter"]["contracts"]
    assert "ignore_imports" not in contract
    return {floor: set(re.split(r"\s*:\s*", layer)) for floor, layer in enumerate(contract["layers"], start=1)}


def test_the_page_has_the_floors_of_the_contract() -> None:
    assert floors_on_the_page() == floors_of_the_contract()


def test_every_part_of_the_package_has_a_floor() -> None:
    parts = {path.stem for path in (ROOT / "exporter").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert parts - {"__init__", "__main__", "__pycache__", "py"} == set().union(*floors_on_the_page().values())


def test_every_file_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", PAGE)
    assert len(named) > 20
    places = (ROOT / "exporter", ROOT)
    assert [name for name in named if not any((place / name).exists() for place in places)] == []
