"""The HTTP side of a run: ``/metrics``, the live page, health and the run's state as JSON."""

from pathlib import Path
from types import TracebackType

from exporter.state import RunState


class Server:
    """Serves one run inside the running event loop; installs no signal handlers and never blocks.

    ``listen_address`` is ``host:port``, ``[v6]:port`` or ``:port``; port 0 takes any free one.
    ``web_config`` is a file in exporter-toolkit's schema (TLS, users), read again when it changes.
    """

    def __init__(self, state: RunState, listen_address: str, web_config: Path | None = None) -> None: ...

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the live page, for example ``http://127.0.0.1:9999``."""
        raise NotImplementedError

    async def start(self) -> None:
        """Bind the port and serve; raises ConfigError, naming address or file and remedy, if that can't be."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Finish what is in flight (at most a second), close every connection and release the port."""

    async def __aenter__(self) -> "Server":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
