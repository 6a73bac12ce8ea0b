"""The drivers that ``--driver`` knows. A new one is a module that says how to get its command, and a line here."""

import importlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from exporter.errors import ConfigError


class GetCommand(Protocol):
    """Makes a driver ready to be started and returns its command: what a driver's module has as ``command``.

    ``release`` of the SDK may be empty; ``tell`` gets a line before what takes long. Raises ConfigError.
    """

    async def __call__(self, release: str, tell: Callable[[str], None]) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Known:
    """A driver: the module that gets its command, whether other releases of its SDK can be had.

    ``lacks`` are options of a run that it can't follow: another allocator would leave a native heap unread.
    """

    module: str
    releases: bool = False
    lacks: tuple[str, ...] = ()


DRIVERS: Mapping[str, Known] = {
    "python": Known("exporter.drivers.python_binding", releases=True),
    "go": Known("exporter.drivers.go_binding", lacks=("heap-dump", "allocator")),
    "node": Known("exporter.drivers.node_binding", lacks=("heap-dump", "pprof")),
    "rust": Known("exporter.drivers.rust_binding", lacks=("heap-dump", "pprof", "allocator")),
}


def complaint(choice: str, options: Collection[str] = ()) -> str | None:
    """What is wrong with a driver as it was named on the command line, for a run with these options; or None."""
    name, at, release = choice.partition("@")
    known = DRIVERS.get(name)
    if known is not None and (not at or (release and known.releases)):
        lacking = [option for option in known.lacks if option in options]
        return f"driver is {choice!r}, which has no {' and no '.join(lacking)}: leave it out" if lacking else None
    choices = [*DRIVERS, *(f"{name}@RELEASE" for name, driver in DRIVERS.items() if driver.releases)]
    return f"driver is {choice!r}: choose among {', '.join(choices)}, or use --driver-command"


async def command_of(choice: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """The command of a driver named ``name`` or ``name@release``; raises ConfigError."""
    wrong = complaint(choice)
    if wrong:
        raise ConfigError(wrong)
    name, _, release = choice.partition("@")
    # Only now: what starts processes is not needed to check a name.
    get_command: GetCommand = importlib.import_module(DRIVERS[name].module).command
    return await get_command(release, tell)
