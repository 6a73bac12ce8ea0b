"""What the live verdict keeps of each subject, and how it judges that once a minute; ``online`` has the messages."""

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from exporter.analysis.csv_cells import Floats
from exporter.analysis.demands import LOOKS_IN_A_ROW
from exporter.analysis.judgement import Judgement, Settings
from exporter.analysis.series import NUMERIC_COLUMNS, Run
from exporter.analysis.stretch import LOAD_PHASES
from exporter.analysis.verdict import judge
from exporter.record.terms import Phase, Verdict

MOST_SAMPLES = 7200
MAX_LINE_BYTES = 1 << 16  # of a CSV
_LEVELS = np.array([name.endswith("_bytes") for name in NUMERIC_COLUMNS])


class Online:
    """Collects samples and judges them once a minute; a leak must be seen at four looks in a row.

    ``most_samples`` bounds the samples under load, and those at rest, that are kept.
    """

    def __init__(self, settings: Settings | None = None, most_samples: int = MOST_SAMPLES) -> None:
        self._settings = replace(settings or Settings(), sequential=True)
        self._under_load = _Kept(most_samples)
        self._at_rest = _Kept(most_samples)
        self._first_timestamp = self._last_timestamp = ""
        self._looks_in_a_row = 0

    def add(self, sample: Mapping[str, Any]) -> None:
        """Take a sample; one from before or after the load is left out."""
        if sample.get("phase", "") not in LOAD_PHASES or sample.get("elapsed_sec") is None:
            return
        self._last_timestamp = str(sample.get("timestamp", ""))
        self._first_timestamp = self._first_timestamp or self._last_timestamp
        kept = self._at_rest if sample.get("settled") else self._under_load
        kept.add(np.array([_figure(sample.get(name)) for name in NUMERIC_COLUMNS]))

    def judgement(self) -> Judgement:
        """Judge what there is; every call counts as a look."""
        found = judge(self._run(), self._settings)
        if found.verdict is not Verdict.LEAK:
            self._looks_in_a_row = 0
            return found
        self._looks_in_a_row += 1
        missing = LOOKS_IN_A_ROW - self._looks_in_a_row
        if missing <= 0:
            return found
        return replace(
            found,
            verdict=Verdict.INCONCLUSIVE,
            reason=f"{found.reason}; it has to show at {missing} more looks",
            would_decide=f"another {missing} min",
        )

    def _run(self) -> Run:
        table = np.concatenate((self._under_load.table(), self._at_rest.table()))
        series = np.ascontiguousarray(table[np.argsort(table[:, 0], kind="stable")].T)
        columns = dict(zip(NUMERIC_COLUMNS, series, strict=True))
        phases = np.zeros(len(table), dtype=np.int16)
        return Run("online", columns, phases, (Phase.RUNNING,), self._first_timestamp, self._last_timestamp)


class _Kept:
    """At most so many samples: of each group of so many the lowest levels and the last of everything else.

    All groups are of one size, which doubles when there is no room left: groups of unequal sizes would have unequal
    floors, and look like growth.
    """

    def __init__(self, most: int) -> None:
        self._rows = np.empty((most, len(NUMERIC_COLUMNS)))
        self._count = 0
        self._group_size = 1
        self._group: list[Floats] = []

    def add(self, row: Floats) -> None:
        self._group.append(row)
        if len(self._group) < self._group_size:
            return
        if self._count == len(self._rows):
            self._halve()
        if len(self._group) < self._group_size:
            return
        self._rows[self._count] = _lowest(np.array(self._group)[None])[0]
        self._count += 1
        self._group = []

    def _halve(self) -> None:
        pairs = self._rows[: self._count - self._count % 2].reshape(-1, 2, self._rows.shape[1])
        self._rows[: len(pairs)] = _lowest(pairs)
        self._count = len(pairs)
        self._group_size *= 2

    def table(self) -> Floats:
        """The samples kept, shape (samples, columns)."""
        return self._rows[: self._count]


def _lowest(groups: Floats) -> Floats:
    """Each group's lowest levels and last other figures; shape (groups, samples, columns) to (groups, columns)."""
    return np.where(_LEVELS, np.fmin.reduce(groups, axis=1), groups[:, -1])


def _figure(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


class OnlineSubjects:
    """What is kept of each subject, by name; see the module for the messages."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._by_name: dict[str, Online] = {}

    def take(self, message: Mapping[str, Any]) -> None:
        """Take a sample, or what is to be known of a subject first."""
        name = str(message.get("subject", ""))
        if "memory_limit_bytes" in message:
            settings = replace(self._settings, memory_limit_bytes=message["memory_limit_bytes"])
            self._by_name[name] = Online(settings)
            if record := message.get("record"):
                replay(self._by_name[name], Path(record), message["begin"], message["end"])
            return
        self._by_name.setdefault(name, Online(self._settings)).add(message)

    def answers(self) -> Iterator[dict[str, Any]]:
        """A judgement of each subject, with its name."""
        for name, online in self._by_name.items():
            yield {"subject": name, **online.judgement().as_dict()}


def replay(online: Online, record: Path, begin: int, end: int) -> None:
    """Add the samples of a run's CSV that lie between two positions; a line that is no sample is passed over."""
    try:
        with record.open("rb") as stream:
            names = stream.readline(MAX_LINE_BYTES).decode(errors="replace").strip().split(",")
            stream.seek(max(begin, stream.tell()))
            while stream.tell() < end and (line := stream.readline(MAX_LINE_BYTES)):
                cells = line.decode(errors="replace").strip().split(",")
                if len(cells) == len(names):
                    online.add({name: _cell(cell) for name, cell in zip(names, cells, strict=True)})
    except OSError as error:
        # The verdict then comes from what is still to be measured.
        sys.stderr.write(f"{record} can't be read: {error.strerror}\n")


def _cell(text: str) -> Any:
    try:
        return float(text) if text else None
    except ValueError:
        return text
