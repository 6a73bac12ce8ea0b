"""The cases of the field test: what `cases.toml` lists."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent
Language = Literal["python", "go", "node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A program to watch, in one of its releases; ``leaks`` is the truth.

    ``requirements`` pin what it is built with, in its language's notation. ``left_per_operation`` is what one operation
    leaves behind in ``series``, as a direct loop measured it: bytes of memory, or a count;
    ``heap_per_operation`` is the same of the heap, in bytes, None where the series is a count.
    """

    name: str
    language: Language
    program: str
    requirements: tuple[str, ...]
    leaks: bool
    tuning: bool
    per_second: float
    minutes: float | None
    go: str
    series: str
    left_per_operation: float
    heap_per_operation: float | None
    what: str
    report: str

    @property
    def is_fixed(self) -> bool:
        """Whether this is the release that mended a published leak."""
        return bool(self.report) and not self.leaks


def subjects() -> list[Subject]:
    """All subjects of `cases.toml`: the two twins of each leak, then the clean ones."""
    table = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))
    twins = [twin for leak in table["leak"] for twin in _twins(leak)]
    return twins + [_subject(clean, clean["name"], (), leaks=False) for clean in table["clean"]]


def _twins(leak: dict[str, Any]) -> list[Subject]:
    between = {"python": "==", "go": "@v", "node": "@"}[leak["language"]]
    return [
        _subject(
            leak, f"{leak['name']}-{leak[twin]}", (leak["package"] + between + leak[twin],), leaks=twin == "leaking"
        )
        for twin in ("leaking", "fixed")
    ]


def _subject(case: dict[str, Any], name: str, requirements: tuple[str, ...], *, leaks: bool) -> Subject:
    return Subject(
        name=name,
        language=case["language"],
        program=case["name"],
        requirements=(*requirements, *case.get("with", ())),
        leaks=leaks,
        tuning=case["tuning"],
        per_second=case["per_second"],
        minutes=case.get("minutes"),
        go=case.get("go", "1.24"),
        series=case.get("series", "memory"),
        left_per_operation=case["left_per_operation"] if leaks else 0.0,
        heap_per_operation=case.get("heap_per_operation") if leaks else 0.0,
        what=case["what"],
        report=case.get("report", ""),
    )
