"""The drivers that ``--driver`` knows. A new one is a file that says how to get its command, and a line here."""

from collections.abc import Callable, Mapping
from typing import Protocol

from exporter.drivers import go_binding, python_binding
from exporter.errors import ConfigError


class GetCommand(Protocol):
    """Makes a driver ready to be started and returns its command.

    ``release`` of the SDK may be empty; ``tell`` gets a line before what takes long. Raises ConfigError.
    """

    async def __call__(self, release: str, tell: Callable[[str], None]) -> tuple[str, ...]: ...


DRIVERS: Mapping[str, GetCommand] = {"python": python_binding.command, "go": go_binding.command}
# Of these another release than the usual one can be had.
WITH_RELEASES = frozenset({"python"})


def complaint(choice: str) -> str | None:
    """What is wrong with a driver as it was named on the command line, or None."""
    name, at, release = choice.partition("@")
    known = ", ".join((*DRIVERS, *(f"{each}@RELEASE" for each in sorted(WITH_RELEASES))))
    if name not in DRIVERS or (at and not release):
        return f"driver is {choice!r}: choose among {known}, or use --driver-command"
    if release and name not in WITH_RELEASES:
        return f"driver is {choice!r}: of '{name}' there is one release only; choose among {known}"
    return None


async def command_of(choice: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """The command of a driver named ``name`` or ``name@release``; raises ConfigError."""
    wrong = complaint(choice)
    if wrong:
        raise ConfigError(wrong)
    name, _, release = choice.partition("@")
    return await DRIVERS[name](release, tell)
