"""A subject as the observer sees it: a driver process that takes commands and sends messages."""

from collections.abc import Callable, Mapping, Sequence

from exporter.drivers.protocol import Hello, Json, Message
from exporter.drivers.process import Exit


class CommandError(Exception):
    """The driver did a command and the SDK refused or failed: an observation, not the end of the run."""

    def __init__(self, do: str, error: str, kind: str = "", seconds: float = 0.0) -> None:
        super().__init__(error)
        self.do, self.kind, self.seconds = do, kind, seconds


class Subject:
    """One running driver; ``hello`` says what it is."""

    hello: Hello
    pid: int

    @classmethod
    async def start(
        cls, argv: Sequence[str], config: Mapping[str, Json], on_message: Callable[[Message], None], *, name: str
    ) -> "Subject":
        """Start a driver, hand it its configuration and wait for its hello.

        ``on_message`` gets every message but answers. Raises SubjectError if the driver ends, is silent, or
        speaks another version.
        """
        raise NotImplementedError

    async def request(self, do: str, **args: Json) -> tuple[dict[str, Json], float]:
        """Have a command done: its result's fields and the seconds it took.

        Raises CommandError if the driver answers that it failed, SubjectError if the driver ends meanwhile.
        """
        raise NotImplementedError

    async def wait(self) -> Exit:
        """Wait for the driver's end; ``Exit.text`` says how: 'exit code 3', 'killed by SIGKILL'."""
        raise NotImplementedError

    async def stop(self) -> Exit:
        """Ask the driver to stop, then terminate it, then kill it and its process group; safe to repeat."""
        raise NotImplementedError
