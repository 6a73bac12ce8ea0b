"""The HTTP side of a run: ``/metrics``, the live page, health and the run's state as JSON."""

import asyncio
from pathlib import Path
from types import TracebackType

from exporter.publish.app import make_app
from exporter.publish.recorder import Recorder
from exporter.publish.toolkit.admission import Admission
from exporter.publish.toolkit.connection import connections
from exporter.publish.toolkit.guard import Guard
from exporter.publish.toolkit.listen_address import listen, parse_listen_address
from exporter.publish.toolkit.listener import Listener
from exporter.publish.toolkit.live_config import LiveWebConfig
from exporter.publish.toolkit.security_headers import SecurityHeaders
from exporter.publish.toolkit.users import PasswordChecker
from exporter.record.state import RunState
from exporter.settings.listen_address import ListenAddress

_EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class Server:
    """Serves one run inside the running event loop; installs no signal handlers and never blocks.

    ``listen_address`` is ``host:port``, ``[v6]:port`` or ``:port``; port 0 takes any free one.
    ``web_config`` is a file in exporter-toolkit's schema (TLS, users), read again when it changes.
    """

    def __init__(self, state: RunState, listen_address: str, web_config: Path | None = None) -> None:
        self._state = state
        self._listen_address = listen_address
        self._web_config = web_config
        self._passwords = PasswordChecker()
        self._url = ""
        self._listener: Listener
        self._following: asyncio.Task[None]

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the live page, for example ``http://127.0.0.1:9999``."""
        return self._url

    async def start(self) -> None:
        """Bind the port and serve; raises ConfigError, naming address or file and remedy, if that can't be."""
        address = parse_listen_address(self._listen_address)
        live_config = LiveWebConfig(self._web_config)
        bound = listen(address)
        recorder = Recorder(self._state)
        guard = Guard(make_app(self._state, recorder), live_config, self._passwords)
        app = SecurityHeaders(Admission(guard, address.host), lambda: _refreshed(live_config).config.headers)
        self._listener = Listener(bound, connections(app), lambda: _refreshed(live_config).tls_context)
        self._following = asyncio.create_task(recorder.follow())
        port = bound.getsockname()[1]
        host = "localhost" if address.host in _EVERY_ADDRESS else address.host
        self._url = f"{'https' if live_config.tls_context else 'http'}://{ListenAddress(host, port)}"

    async def stop(self) -> None:
        """Finish what is in flight (at most a second), close every connection and release the port."""
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._listener.stop()
        self._passwords.close()

    async def __aenter__(self) -> "Server":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _refreshed(live_config: LiveWebConfig) -> LiveWebConfig:
    live_config.refresh()
    return live_config
