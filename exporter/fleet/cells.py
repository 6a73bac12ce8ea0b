"""The cells of a plan: one run each, numbered alike wherever the plan is read."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from exporter.fleet.plan import Plan
from exporter.settings.kinds import DURATION
from exporter.settings.run import RunConfig


@dataclass(frozen=True, slots=True)
class Combination:
    """What the repetitions of a cell have in common; texts as in the plan."""

    driver: str
    scenario: str
    duration: str

    @property
    def label(self) -> str:
        return f"{self.driver} {self.scenario} {self.duration}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a plan.

    ``number`` counts from 0, as indexed jobs do; ``repetition`` counts from 1. ``options`` are those of
    `exporter run`, by their names.
    """

    number: int
    combination: Combination
    repetition: int
    options: Mapping[str, str]

    @property
    def label(self) -> str:
        return f"{self.combination.label} #{self.repetition}"

    @property
    def title(self) -> str:
        """What it is called at the beginning of a line."""
        return f"Cell {self.number}, {self.label}"

    @property
    def seconds(self) -> float:
        """Its duration."""
        return float(DURATION.read(self.combination.duration))

    @property
    def config(self) -> RunConfig:
        """What these options make of a run."""
        return RunConfig.from_texts({name.replace("-", "_"): text for name, text in self.options.items()})

    @property
    def arguments(self) -> tuple[str, ...]:
        """What to type after `exporter run`."""
        return tuple(f"--{name}={text}" for name, text in self.options.items())


def cells_of(plan: Plan) -> list[Cell]:
    """The cells by number: every combination once, in the order of the file, then every one again.

    So the cells of a matrix that is stopped early are spread over all combinations.
    """
    combinations = list(plan.combinations())
    return [
        Cell(turn * len(combinations) + place, Combination(*each), turn + 1, plan.texts(*each))
        for turn in range(plan.repetitions)
        for place, each in enumerate(combinations)
    ]


def fingerprint(cells: Sequence[Cell]) -> str:
    """Sixteen hexadecimal digits that two plans share if, and only if, their cells are the same."""
    return hashlib.sha256(msgspec.json.encode(cells, order="deterministic")).hexdigest()[:16]
