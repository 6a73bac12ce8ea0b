"""What a run's report says about the code behind a leak: the sites that grew, or the command that finds them."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from exporter.errors import ConfigError
from exporter.heaps.diff import diff_dumps, top_sites
from exporter.heaps.dumps import EARLY, dump_path
from exporter.settings.kinds import without_login

_MOST_SITES = 5
_SUGGESTED_DUMP = "leak"  # which gets the suffix of the driver's format
# A second run must not write to the first one's files, nor trace every allocation twice.
_LEFT_OUT_WITH_VALUE = ("--csv", "--report", "--pprof-port", "--heap-dump", "--linger")
_LEFT_OUT = ("--csv-append", "--csv-overwrite", "--pprof")


def leak_lines(heap_dump: Path | None, arguments: Sequence[str]) -> list[str]:
    """What to add to the report of a run that leaks; ``arguments`` are the command line's, without the program."""
    if heap_dump is None:
        return ["  To find the code that allocates what leaks:", f"    {command_with_heap_dump(arguments)}"]
    early = dump_path(heap_dump, EARLY)
    if not early.exists():
        return [f"  The run ended before its first heap dump; {heap_dump} alone does not show what grew."]
    try:
        sites = top_sites(diff_dumps(early, heap_dump), _MOST_SITES)
    except ConfigError as error:
        return [f"  The code that grew can't be found: {error}"]
    more = f"  All of it: exporter heap diff {shlex.quote(str(early))} {shlex.quote(str(heap_dump))}"
    return ["  Grown most since a quarter of the load, by code:", *(f"    {site}" for site in sites), more]


def command_with_heap_dump(arguments: Sequence[str]) -> str:
    """The command of a run, as text for a shell, with a heap dump and without the files of that run."""
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, _ = argument.partition("=")
        name = f"--{name.lstrip('-')}" if name.startswith("-") else name
        if name in _LEFT_OUT_WITH_VALUE:
            if not equals:
                next(rest, None)
        elif name not in _LEFT_OUT:
            kept.append(argument)
    return shlex.join(["exporter", *map(without_login, kept), "--heap-dump", _SUGGESTED_DUMP])
