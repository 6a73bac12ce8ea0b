"""What a report is made from: runs with their labels, settings and verdicts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from exporter.analysis.judgement import Judgement
from exporter.analysis.series import Run
from exporter.record.state import Histogram

_UNNAMED = "unnamed"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class AllocationSite:
    """Code that allocated memory which stayed: ``where`` as a profiler names it, from which heap, and how much."""

    where: str
    heap: str
    grown_bytes: float
    bytes_per_payment: float | None = None


@dataclass(frozen=True, slots=True)
class ReportRun:
    """One run in a report.

    ``settings`` are shown as they are, by name. ``latency_seconds`` holds a histogram per kind of payment, and
    ``sites`` the places where memory was allocated that stayed, largest first: both only a run itself knows,
    a CSV does not. ``judgement`` is made from the series when it is not given.
    """

    label: str
    series: Run
    judgement: Judgement | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    latency_seconds: Mapping[str, Histogram] = field(default_factory=dict)
    sites: Sequence[AllocationSite] = ()


def named_apart(runs: Sequence[ReportRun]) -> list[ReportRun]:
    """The same runs under labels that are printable, not empty, and all different."""
    taken: set[str] = set()
    named = []
    for run in runs:
        label = printable(run.label) or PurePath(run.series.name).stem or _UNNAMED
        free, number = label, 1
        while free in taken:
            number += 1
            free = f"{label} ({number})"
        taken.add(free)
        named.append(replace(run, label=free))
    return named


def printable(text: str) -> str:
    """A user's text in one line: control characters become blanks, halves of characters question marks."""
    # A file name that is not UTF-8 reaches us with lone surrogates, which no file can hold.
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(_CONTROL.sub(" ", sound).split())
