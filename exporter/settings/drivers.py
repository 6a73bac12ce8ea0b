"""The drivers that ``--driver`` knows. A new one is a module in ``drivers/`` that gets its command, and a line here."""

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.settings.kinds import TEXT


@dataclass(frozen=True, slots=True)
class Known:
    """A driver: the module in ``drivers/`` that gets its command, and whether other releases of its SDK can be had.

    ``lacks`` are options of a run that it can't follow: another allocator would leave a native heap unread.
    ``dump_suffix`` is what names of its heap dumps end in.
    """

    binding: str
    releases: bool = False
    lacks: tuple[str, ...] = ()
    dump_suffix: str = ".memray.bin"


# The remedy for whoever means a program that is no driver of ours.
OWN_PROGRAM = "use --driver-command"
_RELEASE = re.compile(r"\d[\w.+!-]*")
_POSTGRES = "storage in PostgreSQL"
DRIVERS: Mapping[str, Known] = {
    "python": Known("python_binding", releases=True),
    "go": Known("go_binding", lacks=("allocator", _POSTGRES), dump_suffix=".pb.gz"),
    # Chromium's developer tools read files of that suffix only.
    "node": Known("node_binding", lacks=("pprof", _POSTGRES), dump_suffix=".heapsnapshot"),
    "rust": Known("rust_binding", lacks=("heap-dump", "pprof", "allocator", _POSTGRES)),
}
_PYTHON = DRIVERS["python"]


@dataclass(frozen=True, slots=True)
class DriverChoice:
    """A subject to start: its name, in labels and file names, and the command, if it is not a driver of ours."""

    name: str = "python"
    command: tuple[str, ...] = ()

    @property
    def dump_suffix(self) -> str:
        """What names of its heap dumps end in; a program that is no driver of ours is taken for one in Python."""
        known = None if self.command else DRIVERS.get(self.name.partition("@")[0])
        return (known or _PYTHON).dump_suffix


def driver_of_command(text: str) -> DriverChoice:
    """Read a command as a shell would; raises ValueError with the remedy."""
    try:
        command = tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError(f"quote it as for a shell ({error})") from None
    if not command:
        raise ValueError("name a program, or leave the option out")
    return DriverChoice(Path(command[0]).stem, command)


def complaint(choice: str, options: Collection[str] = ()) -> str | None:
    """What is wrong with a driver as it was named on the command line, for a run with these options; or None."""
    name, at, release = choice.partition("@")
    known = DRIVERS.get(name)
    if known is not None and (not at or (known.releases and _RELEASE.fullmatch(release))):
        lacking = [option for option in known.lacks if option in options]
        return f"driver is {choice!r}, which has no {' and no '.join(lacking)}: leave it out" if lacking else None
    if known is not None and known.releases and release:
        return f"driver is {TEXT.shown(choice)}, and {TEXT.shown(release)} is no release: name one, as in {name}@0.22.3"
    choices = [*DRIVERS, *(f"{name}@RELEASE" for name, driver in DRIVERS.items() if driver.releases)]
    return f"driver is {TEXT.shown(choice)}: choose among {', '.join(choices)}, or {OWN_PROGRAM}"
