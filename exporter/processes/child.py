"""The supervisor of child processes: starts one, reads its lines, and makes sure that it ends."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter.checked import printable
from exporter.processes.child_log import child_log
from exporter.processes.family import FAMILY
from exporter.processes.lines import MAX_LINE_BYTES, LineSplitter
from exporter.settings.credentials import SECRET_VARIABLES

MAX_STDERR_LINE_BYTES = 8192
# A grandchild may hold the pipes open after the child has ended.
PIPES_LINGER_SECONDS = 1.0

# For children that are ours, and never for a subject: glibc's malloc keeps in an arena for each thread what was freed
# there, and numpy's library has a thread for each core.
LEAN = {"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"}

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def python_command(*arguments: str, interpreter: str = sys.executable) -> tuple[str, ...]:
    """The command of a Python process that finds no module in the directory where it happens to be started."""
    return (interpreter, "-P", *arguments)


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: its exit code, or the negative of the signal that killed it."""

    code: int

    @property
    def text(self) -> str:
        """In words: ``exit code 3``, ``killed by SIGSEGV``."""
        if self.code >= 0:
            return f"exit code {self.code}"
        try:
            name = signal.Signals(-self.code).name
        except ValueError:
            name = f"signal {-self.code}"
        hint = " (as the kernel does when memory runs out)" if -self.code == signal.SIGKILL else ""
        return f"killed by {name}{hint}"


@dataclass(frozen=True, slots=True)
class StopLimits:
    """How long a child may take to end after it was asked, and after SIGTERM, before SIGKILL."""

    asked_seconds: float = 12.0
    terminated_seconds: float = 3.0


class Child:
    """A child process in a process group of its own, which dies with this process (Linux).

    ``on_line`` gets every line of its standard output, without the newline; what it writes to its standard error
    goes to the log ``exporter.child.NAME``. Lines beyond a limit are dropped, and ``on_overlong`` is called for each.
    ``ended`` is resolved when it has ended and all that it wrote has been read.
    """

    def __init__(
        self,
        name: str,
        on_line: Callable[[bytes], None],
        on_output: Callable[[bytes], None] | None = None,
        on_overlong: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self._on_output = on_output
        self.pid = 0
        self.last_words = ""  # the last line of its standard error
        self._on_line = on_line
        self._log = child_log(name)
        self._stdout = LineSplitter(MAX_LINE_BYTES, on_overlong)
        self._stderr = LineSplitter(MAX_STDERR_LINE_BYTES)
        self._transport: asyncio.SubprocessTransport
        self.ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._stopping: asyncio.Task[Exit] | None = None

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        name: str,
        on_line: Callable[[bytes], None],
        environment: Mapping[str, str] | None = None,
        without: Collection[str] = (),
        on_output: Callable[[bytes], None] | None = None,
        on_overlong: Callable[[], None] | None = None,
    ) -> "Child":
        """Start ``argv``, with ``environment`` added to this process's; raises OSError if that's impossible.

        Of this process's environment it gets neither what it is to be ``without`` nor secrets: an SDK under test, a
        third party's driver and the tools that make drivers have no use for them.
        ``on_output`` gets all that it prints, on either output, as it comes; there are no lines and no log then.
        """
        child = cls(name, on_line, on_output, on_overlong)
        loop = asyncio.get_running_loop()
        parent = os.getpid()
        inherited = less(os.environ, {*SECRET_VARIABLES, *without})
        with FAMILY.starting():
            transport, _ = await loop.subprocess_exec(
                lambda: _Pipes(child),
                *argv,
                env=inherited | dict(environment or {}) | FAMILY.environment(os.environ),
                process_group=0,
                preexec_fn=None if _libc is None else lambda: _die_with(parent),
            )
            child._connected(transport)
        return child

    @property
    def exit(self) -> Exit | None:
        """How it ended, or None while it runs."""
        return self.ended.result() if self.ended.done() else None

    def write(self, data: bytes) -> None:
        """Queue bytes for its standard input; bytes for a child that has closed it are lost."""
        stdin = self._transport.get_pipe_transport(0)
        if isinstance(stdin, asyncio.WriteTransport) and not stdin.is_closing():
            stdin.write(data)

    async def wait(self) -> Exit:
        """Wait until it has ended and all that it wrote has been read."""
        return await asyncio.shield(self.ended)

    async def stop(self, request: bytes = b"", limits: StopLimits | None = None) -> Exit:
        """End it: write ``request`` and close its input, then SIGTERM, then SIGKILL to its process group.

        Calls after the first wait for the first.
        """
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(request, limits or StopLimits()))
        return await asyncio.shield(self._stopping)

    def kill(self) -> None:
        """SIGKILL it and its process group at once, without waiting."""
        self._signal_group(signal.SIGKILL)

    async def _stop(self, request: bytes, limits: StopLimits) -> Exit:
        if request:
            self.write(request)
        stdin = self._transport.get_pipe_transport(0)
        if isinstance(stdin, asyncio.WriteTransport):
            stdin.close()
        if not await self._ends_within(limits.asked_seconds):
            if limits.asked_seconds:
                self._log.warning("%s did not stop when asked; terminating it", self.name)
            self._signal_group(signal.SIGTERM)
            if not await self._ends_within(limits.terminated_seconds):
                self._log.warning("%s did not stop on SIGTERM; killing it", self.name)
                self._signal_group(signal.SIGKILL)
        return await self.wait()

    async def _ends_within(self, seconds: float) -> bool:
        done, _ = await asyncio.wait([self.ended], timeout=seconds)
        return bool(done)

    def _signal_group(self, number: signal.Signals) -> None:
        # Group 0 would be this process's own.
        if self.pid and not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _connected(self, transport: asyncio.SubprocessTransport) -> None:
        # A child may end, or its start be cancelled, before `start` goes on: its pid must be known by then.
        self._transport = transport
        self.pid = transport.get_pid()
        FAMILY.begin(self.pid)

    def _received(self, fd: int, data: bytes) -> None:
        if self._on_output is not None:
            self._on_output(data)
        elif fd == 1:
            self._hand_over(self._stdout.feed(data))
        else:
            self._relay(self._stderr.feed(data))

    def _hand_over(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            try:
                self._on_line(line)
            except Exception:
                # One line, whatever is wrong with it or with us, must cost neither the next ones nor the pipe.
                self._log.exception("a line that it printed could not be handled")

    def _relay(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            text = printable(line.decode(errors="replace").rstrip())
            if text:
                self.last_words = text[:300]
                self._log.info("%s", text)

    def _ended(self, code: int) -> None:
        if self.ended.done():
            return
        self._hand_over(self._stdout.flush())
        self._relay(self._stderr.flush())
        # What the child has started itself must not outlive it.
        self._signal_group(signal.SIGKILL)
        FAMILY.end(self.pid)
        self.ended.set_result(Exit(code))
        self._transport.close()


class _Pipes(asyncio.SubprocessProtocol):
    """Hands a child's output over, and its end once its pipes are read to their end."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._open = {1, 2}
        self._exited = False
        self._transport: asyncio.SubprocessTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport
        self._child._connected(transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._child._received(fd, data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if self._exited and not self._open:
            self._report()

    def process_exited(self) -> None:
        self._exited = True
        if self._open:
            asyncio.get_running_loop().call_later(PIPES_LINGER_SECONDS, self._report)
        else:
            self._report()

    def _report(self) -> None:
        code = self._transport.get_returncode()
        self._child._ended(0 if code is None else code)


def less(environment: Mapping[str, str], without: Collection[str]) -> dict[str, str]:
    """The variables of an environment but for some."""
    return {name: value for name, value in environment.items() if name not in without}


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; runs between fork and exec."""
    assert _libc is not None
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
