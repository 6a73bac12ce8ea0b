"""Watches released packages that leak, their fixed releases and clean programs, and writes what came of it.

    python -m benchmarks.field --directory field [--only PATTERN] [--minutes 15] [--at-once 10] [--from-outside]
    python -m benchmarks.field --directory driven --driven [--minutes 4] [--at-once 4]

A run that is complete is not repeated: the same command goes on where it was ended. The table is written to
DIRECTORY/table.md and DIRECTORY/table.json, of all runs that are there.
"""

import argparse
from fnmatch import fnmatch
from pathlib import Path

from .cases import subjects
from .direct_loop import print_left
from .judging import outcome
from .recording import keep
from .table import write
from .watching import SeenBy, Watch, watch_all


def main() -> None:
    """Read the command line, watch what is missing, write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.field", description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, required=True, help="where environments, runs and the table go")
    parser.add_argument("--only", action="append", help="subjects to take: a pattern such as 'ujson*', repeatable")
    parser.add_argument("--minutes", type=float, help="length of a run: 15 if not given, 4 of a driven one")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two samples")
    parser.add_argument("--at-once", type=int, default=10, help="runs side by side")
    seen = parser.add_mutually_exclusive_group()
    seen.add_argument("--from-outside", action="store_true", help="let no subject tell of its heap")
    seen.add_argument("--driven", action="store_true", help="make each a driver, whose load comes to rest (Python)")
    parser.add_argument("--direct", type=int, metavar="N", help="watch nothing: measure N operations at full speed")
    parser.add_argument("--judge-only", action="store_true", help="watch nothing: judge the runs that are there")
    parser.add_argument("--record", type=Path, metavar="DIR", help="watch nothing: keep thinned runs in DIR")
    parser.add_argument("--list", action="store_true", help="name the subjects, and end")
    asked = parser.parse_args()
    taken = [subject for subject in subjects() if _asked_for(subject.name, asked.only)]
    if asked.driven:
        taken = [subject for subject in taken if subject.language == "python"]
    if asked.list:
        print("\n".join(subject.name for subject in taken))
        return
    directory = asked.directory.resolve()
    if asked.direct:
        print_left(taken, directory, asked.direct)
        return
    seen_by = SeenBy.OUTSIDE if asked.from_outside else SeenBy.DRIVER if asked.driven else SeenBy.AGENT
    minutes = asked.minutes or (4.0 if asked.driven else 15.0)
    watch = Watch(directory=directory, minutes=minutes, every_sec=asked.every, seen_by=seen_by)
    if not asked.judge_only and not asked.record:
        try:
            watch_all(taken, watch, asked.at_once)
        except KeyboardInterrupt:
            raise SystemExit("ended early; the same command goes on from here") from None
    there = [subject for subject in taken if watch.csv(subject).exists()]
    if asked.record:
        print(*(keep(watch.csv(subject), asked.record) for subject in there), sep="\n")
    else:
        print(write([outcome(subject, watch.csv(subject)) for subject in there], directory))


def _asked_for(name: str, patterns: list[str] | None) -> bool:
    return patterns is None or any(fnmatch(name, pattern) for pattern in patterns)


if __name__ == "__main__":
    main()
