"""Agents for a program that is started here: a directory with their files and their socket, and variables that name it.

The directory's name can't be guessed, and what is in it can be read and reached by all: a program may go on as another
user.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import psutil

from exporter.errors import ConfigError
from exporter.settings.watch import AgentChoice
from exporter.watch.agents.told import AgentSource

# For which programs there is one, by the choice; `auto` takes those that do nothing to other programs.
_CHOSEN: Mapping[AgentChoice, tuple[str, ...]] = {"auto": ("python",), "none": (), "python": ("python",)}
_FOLDERS = Path(__file__).parent
_READINGS_PER_SAMPLE = 5
_SLOWEST_SECONDS, _FASTEST_SECONDS = 1.0, 0.1
_LONGEST_MESSAGE = 4096
_MESSAGE_SECONDS = 1.0
_CREDENTIALS = struct.Struct("3i")  # struct ucred: process, user, group

_log = logging.getLogger(__name__)


class Agents:
    """The agents of one program, and what they tell: a context with the variables that bring them into the program.

    Within it they are heard. ``members`` finds the processes that count. Raises ConfigError for agents that were asked
    for and can't be had; ``auto`` goes on without, and says so.
    """

    def __init__(
        self, choice: AgentChoice, interval_seconds: float, members: Callable[[], Sequence[psutil.Process]]
    ) -> None:
        self.names = _CHOSEN[choice]
        self.source = AgentSource(members)
        self._choice = choice
        self._pace = min(max(interval_seconds / _READINGS_PER_SAMPLE, _FASTEST_SECONDS), _SLOWEST_SECONDS)
        self._around = contextlib.AsyncExitStack()
        self._remove: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Mapping[str, str]:
        if not self.names:
            return {}
        try:
            return await self._prepared()
        except OSError as error:
            await self._around.aclose()
            why = f"agent {' '.join(self.names)} can't be had: {error.strerror or error}"
            if self._choice != "auto":
                raise ConfigError(f"{why}; name another directory in TMPDIR, or say none") from None
            _log.warning("%s; the program goes without", why)
            self.names = ()
            return {}

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._around.aclose()

    def remove(self) -> None:
        """Remove their files at once; nobody is heard any more."""
        self._remove()

    async def _prepared(self) -> Mapping[str, str]:
        if sys.platform != "linux":
            raise OSError("it takes Linux")
        made = tempfile.TemporaryDirectory(prefix="memtest-agent-", ignore_cleanup_errors=True)
        directory, self._remove = Path(self._around.enter_context(made)), made.cleanup
        if os.pathsep in str(directory):
            raise OSError(f"{directory} has a '{os.pathsep}' in its name")
        for file in (file for name in self.names for file in (_FOLDERS / name).iterdir() if file.is_file()):
            shutil.copyfile(file, directory / file.name)
        (directory / "pace").write_text(str(self._pace))
        path = directory / "socket"
        server = await asyncio.start_unix_server(self._on_connection, path, limit=_LONGEST_MESSAGE)
        self._around.callback(server.close)
        path.chmod(0o666)
        directory.chmod(0o711)
        return {"PYTHONPATH": os.pathsep.join(filter(None, (str(directory), os.environ.get("PYTHONPATH"))))}

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer: socket.socket = writer.get_extra_info("socket")
        # The kernel says who it is.
        pid, _, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            self.source.hear(pid, await asyncio.wait_for(reader.readline(), _MESSAGE_SECONDS))
        writer.close()
