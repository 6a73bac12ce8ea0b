"""What the commands on recorded runs are told: which files to read, and what to make of them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exporter.errors import Complaint
from exporter.settings.declared import REQUIRED, Flag, by_flags, setting
from exporter.settings.files import record_complaint
from exporter.settings.group import SettingsGroup, contradiction
from exporter.settings.kinds import PATH, TEXT, Kind
from exporter.settings.verdict import VerdictChoice

DEFAULT_PAGE = Path("memtest_report.html")

Named = tuple[str, Path]  # a run's label, which may be empty, and its file


def _lost_records(written: Mapping[str, Path | None]) -> Iterator[Complaint]:
    """What is wrong with files, which may be devices, that are written in place of what was there."""
    for option, path in written.items():
        if path is not None and (wrong := record_complaint(path)):
            yield contradiction(f"{option} is {TEXT.shown(path)}, {wrong}", option)


@dataclass(frozen=True)
class AnalyzeSettings(VerdictChoice):
    """Which runs to judge, and how to say it."""

    files: tuple[Path, ...] = setting(
        (),
        "",
        flag="FILE",
        kind=PATH,
        many=True,
        gather=tuple,
        positional=True,
        metavar="FILE...",
        required=True,
        remedy="name the CSV file of a run, for example out.csv",
    )
    output: Literal["text", "json", "markdown"] = by_flags(
        "text",
        Flag(name="json", help="Print every field as JSON.", value="json"),
        Flag(name="markdown", help="Print a table, as for a CI job's summary.", value="markdown"),
    )
    junit: Path | None = setting(None, "Also write JUnit XML to this file.", metavar="FILE")

    def contradictions(self) -> Iterator[Complaint]:
        yield from _lost_records({"junit": self.junit})


@dataclass(frozen=True)
class CompareSettings(SettingsGroup):
    """Which runs to compare with which, and from what difference on one is worse."""

    files: tuple[Path, ...] = setting(
        (), "", flag="FILE", kind=PATH, many=True, gather=tuple, positional=True, metavar="[A] B..."
    )
    baseline: Path | None = setting(None, "The run to compare all others with, instead of A.")
    tolerance_kib_per_min: float = setting(
        5.0, "Faster growth than this makes a run worse.", metavar="KIB_PER_MIN", at_least=0
    )
    level_tolerance_percent: float = setting(
        10.0, "A higher level or peak than this makes a run worse.", metavar="PERCENT", at_least=0
    )
    json: bool = setting(False, "Print every field as JSON.")

    def contradictions(self) -> Iterator[Complaint]:
        if len(self.files) + (self.baseline is not None) < 2:
            yield contradiction("B is missing: name two runs, or one run and --baseline FILE", "files", "baseline")


def _read_named(text: str) -> Named:
    """Take LABEL:FILE apart, where both may have colons; a file that exists needs no label."""
    whole = PATH.read(text)
    if ":" not in text or whole.exists():
        return "", whole
    places = [place for place, character in enumerate(text) if character == ":"]
    place = next((place for place in places if Path(text[place + 1 :]).is_file()), places[0])
    return text[:place], PATH.read(text[place + 1 :])


_NAMED = Kind("text", _read_named)


@dataclass(frozen=True)
class PlotSettings(SettingsGroup):
    """Which runs to draw, and into which files."""

    files: tuple[Named, ...] = setting(
        (),
        "",
        flag="FILE",
        kind=_NAMED,
        many=True,
        gather=tuple,
        positional=True,
        metavar="[FILE | LABEL:FILE]...",
    )
    go: Path | None = setting(None, "A run of the Go harness, labelled Go.", metavar="FILE")
    rust: Path | None = setting(None, "A run of the Rust harness, labelled Rust.", metavar="FILE")
    compare: tuple[Named, ...] = setting(
        (),
        "Runs to compare, each under its label.",
        kind=_NAMED,
        many=True,
        gather=tuple,
        metavar="LABEL:FILE ...",
    )
    output: Path | None = setting(None, f"Page to write; {DEFAULT_PAGE} unless a picture is asked for.", short="o")
    title: str = setting("", "Heading of the page; the runs' labels if not given.", short="t")
    heap_dumps: tuple[Path, ...] = setting(
        (),
        "Two heap dumps of the one run that is plotted: the page names the code that allocated what stayed.",
        kind=PATH,
        values=2,
        gather=tuple,
        metavar="BEFORE AFTER",
    )
    png: Path | None = setting(None, "Write a picture, too.", metavar="FILE")
    svg: Path | None = setting(None, "Write a picture that scales, too.", metavar="FILE")

    @property
    def runs(self) -> list[Named]:
        """The runs with their labels, in their order."""
        harnesses = [(label, path) for label, path in (("Go", self.go), ("Rust", self.rust)) if path is not None]
        return [*harnesses, *self.compare, *self.files]

    def needs(self) -> Mapping[str, str]:
        pictures = {"pictures": "png" if self.png else "svg"} if self.png or self.svg else {}
        return pictures | ({"heap": "heap-dumps"} if self.heap_dumps else {})

    def contradictions(self) -> Iterator[Complaint]:
        if not self.runs:
            yield contradiction(
                "no run to plot: name a CSV file, for example: exporter plot out.csv", "files", "compare"
            )
        if self.heap_dumps and len(self.runs) > 1:
            yield contradiction(
                f"heap-dumps belong to one run, and {len(self.runs)} are plotted: name one CSV file", "heap_dumps"
            )
        for option, path in {"png": self.png, "svg": self.svg}.items():
            if path is not None and path.suffix.lower() != f".{option}":
                yield contradiction(f"{option} is {TEXT.shown(path)}: give it a name that ends in .{option}", option)
        yield from _lost_records({"output": self.output, "png": self.png, "svg": self.svg})


@dataclass(frozen=True)
class HeapSettings(SettingsGroup):
    """What all commands on heap dumps have in common."""

    def needs(self) -> Mapping[str, str]:
        return {"heap": "reading heap dumps"}


@dataclass(frozen=True)
class DiffSettings(HeapSettings):
    """Which heap dumps to compare."""

    before: Path = setting(
        REQUIRED, "", flag="BEFORE", positional=True, required=True, remedy="name the earlier heap dump of a run"
    )
    after: Path = setting(
        REQUIRED, "", flag="AFTER", positional=True, required=True, remedy="name the later heap dump of that run"
    )
    top: int = setting(15, "How many sites to print.", at_least=1)
    payments: int | None = setting(None, "Payments in between, for dumps that don't know.", at_least=1)


@dataclass(frozen=True)
class FlamegraphSettings(HeapSettings):
    """Which heap dump to draw, and where."""

    dump: Path = setting(REQUIRED, "", flag="DUMP", positional=True, required=True, remedy="name a heap dump of a run")
    output: Path = setting(
        REQUIRED, "The HTML file to write.", short="o", required=True, remedy="name the page with --output FILE"
    )
    overwrite: bool = setting(False, "Replace an existing file.")

    def contradictions(self) -> Iterator[Complaint]:
        if self.output and os.path.exists(self.output) and not self.overwrite:
            yield contradiction(
                f"output {TEXT.shown(self.output)} exists: add --overwrite to replace it, or name another file",
                "output",
            )
