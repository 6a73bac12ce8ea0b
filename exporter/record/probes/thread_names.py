"""Threads of the subject by name: runtimes name their threads, so a pool that grows is known by it."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psutil

from exporter.checked import OTHER, Names
from exporter.record.column import Column

MOST_NAMES = 12
MOST_NAMES_EVER = 48  # of one subject


class ThreadNamesProbe:
    """How many threads of each name the subject has; 10 µs for each of them."""

    name: ClassVar[str] = "thread_names"
    columns: ClassVar[tuple[Column, ...]] = ()  # which names there are is the subject's own affair
    metric: ClassVar[str] = "memtest_named_threads"
    label: ClassVar[str] = "name"
    help: ClassVar[str] = "Threads of the subject by name, digits as *, as of the last sample."

    def __init__(self) -> None:
        self._names = Names(MOST_NAMES_EVER)

    def read(self, process: psutil.Process) -> Mapping[str, int]:
        names = []
        tasks = Path(f"/proc/{process.pid}/task")
        for thread in os.listdir(tasks):
            # It may have ended since it was listed.
            with suppress(FileNotFoundError, ProcessLookupError):
                names.append((tasks / thread / "comm").read_text("utf-8", "replace").rstrip("\n"))
        return self._names.sums(count_names(names))


def count_names(names: Iterable[str]) -> dict[str, int]:
    """Threads by name: names that differ by their numbers are one, and rare ones beyond the twelfth are ``other``."""
    counts = Counter(re.sub(r"\d+", "*", name) for name in names)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ranked[:MOST_NAMES])
    rest = sum(count for _, count in ranked[MOST_NAMES:])
    if rest:
        kept[OTHER] = kept.get(OTHER, 0) + rest
    return kept
