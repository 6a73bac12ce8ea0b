"""Where the command of a driver of ours comes from: the module that `exporter.settings.drivers` names for it."""

import importlib
from collections.abc import Callable
from typing import Protocol

from exporter.errors import ConfigError
from exporter.settings.drivers import DRIVERS, complaint


class GetCommand(Protocol):
    """Makes a driver ready to be started and returns its command: what a driver's module has as ``command``.

    ``release`` of the SDK may be empty; ``tell`` gets a line before what takes long. Raises ConfigError.
    """

    async def __call__(self, release: str, tell: Callable[[str], None]) -> tuple[str, ...]: ...


async def command_of(choice: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """The command of a driver named ``name`` or ``name@release``; raises ConfigError."""
    wrong = complaint(choice)
    if wrong:
        raise ConfigError(wrong)
    name, _, release = choice.partition("@")
    # Only now: what starts processes is not needed to check a name.
    get_command: GetCommand = importlib.import_module(f"exporter.drivers.{DRIVERS[name].binding}").command
    return await get_command(release, tell)
