"""Agents for a program that is started here: a directory with their files and their socket, and variables that name it.

All users of the machine can read the files and reach the socket: a program may go on as another user.
"""

import asyncio
import contextlib
import logging
import os
import re
import shutil
import socket
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

import psutil

from exporter.drivers.cache import run_tool
from exporter.errors import ConfigError
from exporter.leftovers import held_directory, remove_directory
from exporter.settings.watch import AgentChoice
from exporter.watch.agents.told import AgentSource

_FOLDERS = Path(__file__).parent
_READINGS_PER_SAMPLE = 5
_SLOWEST_SECONDS, _FASTEST_SECONDS = 1.0, 0.1
_LONGEST_MESSAGE = 4096
_MESSAGE_SECONDS = 10.0  # the event loop of a busy Node.js program may take a while to write it
_CREDENTIALS = struct.Struct("3i")  # struct ucred: process, user, group

_MODULE, _LIBRARY = "memtest_agent.cjs", "memtest_agent.so"
# Of a Node.js that reads no files but those that it is told of.
_PERMISSIONS = {"--permission", "--experimental-permission"}
_PLAIN = re.compile(r"[\w./+=@-]+")  # no separator in a variable, and no quote

_log = logging.getLogger(__name__)


class Agents:
    """The agents of one program, and what they tell: a context with the variables that bring them into the program.

    Within it they are heard. ``members`` finds the processes that count. Raises ConfigError for agents that were asked
    for and can't be had; ``auto`` goes on without, and says so.
    """

    def __init__(
        self,
        choice: AgentChoice,
        command: Sequence[str],
        interval_seconds: float,
        members: Callable[[], Sequence[psutil.Process]],
    ) -> None:
        self.names = _chosen(choice, command)
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
            place = f" ({error.filename})" if error.filename else ""
            why = f"agent {' '.join(self.names)} can't be had: {error.strerror or error}{place}"
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
        directory = self._around.enter_context(held_directory("memtest-agent-"))
        self._remove = partial(remove_directory, directory)
        if not _PLAIN.fullmatch(str(directory)):
            raise OSError(f"{directory} has characters in its name that variables can't hold")
        for file in (file for name in self.names for file in (_FOLDERS / name).iterdir() if file.is_file()):
            shutil.copyfile(file, directory / file.name)
        (directory / "pace").write_text(str(self._pace))
        if "glibc" in self.names:
            await _compile(directory, self._pace)
        for file in directory.iterdir():
            file.chmod(0o644)
        path = directory / "socket"
        server = await asyncio.start_unix_server(self._on_connection, path, limit=_LONGEST_MESSAGE)
        self._around.callback(server.close)
        path.chmod(0o666)
        directory.chmod(0o755)  # Python looks for what is in it
        return {key: value for name in self.names for key, value in _variables(name, directory).items()}

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer: socket.socket = writer.get_extra_info("socket")
        # The kernel says who it is.
        pid, _, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            self.source.hear(pid, await asyncio.wait_for(reader.readline(), _MESSAGE_SECONDS))
        writer.close()


def _chosen(choice: AgentChoice, command: Sequence[str]) -> tuple[str, ...]:
    """What a choice puts into the program; by `auto` those that do nothing to programs of other languages.

    A Node.js that can't read what NODE_OPTIONS names doesn't start, so a program has to be one itself.
    """
    if choice == "auto":
        options = {*command[1:], *os.environ.get("NODE_OPTIONS", "").split()}
        return ("python", "node") if _is_node(command[0]) and not options & _PERMISSIONS else ("python",)
    return () if choice in ("none", "go", "jvm") else (choice,)


def _is_node(program: str) -> bool:
    """Whether a program is Node.js, or a script for it."""
    path = shutil.which(program)
    if path is None or Path(path).name in ("node", "nodejs"):
        return path is not None
    try:
        with open(path, "rb") as file:
            return re.match(rb"#!.*\bnode\b", file.readline(_LONGEST_MESSAGE)) is not None
    except OSError:
        return False


async def _compile(directory: Path, pace: float) -> None:
    """Make the library that is preloaded; raises ConfigError without a C compiler."""
    told = (f'-DMEMTEST_DIRECTORY="{directory}"', f"-DMEMTEST_PACE={pace * 1e9:.0f}LL")
    # What a compiler adds by itself may take functions that another libc hasn't.
    plain = ("-U_FORTIFY_SOURCE", "-fno-stack-protector")
    flags = ("-O2", "-shared", "-fPIC", "-pthread", *plain, *told)
    command = ("cc", *flags, "-o", str(directory / _LIBRARY), str(directory / "memtest_agent.c"))
    await run_tool("cc", command, "agent glibc takes a C compiler; install one, or choose another agent")


def _variables(agent: str, directory: Path) -> dict[str, str]:
    """The variables that bring an agent into a program, beside what they hold already."""
    if agent == "python":
        return {"PYTHONPATH": _joined(":", str(directory), os.environ.get("PYTHONPATH", ""))}
    if agent == "node":
        return {"NODE_OPTIONS": _joined(" ", os.environ.get("NODE_OPTIONS", ""), f"--require {directory / _MODULE}")}
    return {
        "LD_PRELOAD": _joined(":", os.environ.get("LD_PRELOAD", ""), str(directory / _LIBRARY)),
        # A program with the address sanitizer wants to be the first that is loaded, and ends where it is not.
        "ASAN_OPTIONS": _joined(":", os.environ.get("ASAN_OPTIONS", ""), "verify_asan_link_order=0"),
    }


def _joined(separator: str, *parts: str) -> str:
    return separator.join(filter(None, parts))
