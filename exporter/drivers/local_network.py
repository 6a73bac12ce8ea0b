"""Start the local network as a child process."""

from collections.abc import Sequence

from exporter.drivers.process import Exit
from exporter.drivers.protocol import Json


class NetworkChild:
    """The running local network; ``file`` is the network file that it printed."""

    file: dict[str, Json]
    pid: int

    async def wait(self) -> Exit:
        raise NotImplementedError

    async def stop(self) -> Exit:
        raise NotImplementedError


async def start_network(argv: Sequence[str]) -> NetworkChild:
    """Start the local network and read its network file; raises LoadError if it ends or stays silent."""
    raise NotImplementedError
