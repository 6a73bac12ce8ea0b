"""Whom an application is shown to: those whose credentials are right."""

import asyncio
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.publish.toolkit.live_config import LiveWebConfig
from exporter.publish.toolkit.users import PasswordChecker

_UNAUTHORIZED = {"WWW-Authenticate": 'Basic realm="memtest", charset="UTF-8"'}


class Guard:
    """Wraps an application; the configuration is looked at anew for each request."""

    def __init__(self, app: ASGIApp, live_config: LiveWebConfig, passwords: PasswordChecker) -> None:
        self._app = app
        self._live_config = live_config
        self._passwords = passwords

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._live_config.refresh()
        config = self._live_config.config
        app = self._app
        if config.users and scope["path"] not in config.auth_excluded_paths:
            address = scope["client"][0] if scope["client"] else ""
            authorization = Headers(scope=scope).get("authorization", "")
            checking = asyncio.ensure_future(self._passwords.check(config.users, authorization, address))
            if not await _while_there(checking, receive):
                return
            if not checking.result():
                app = PlainTextResponse("Unauthorized\n", 401, _UNAUTHORIZED)
        await app(scope, receive, send)


async def _while_there(checking: "asyncio.Future[bool]", receive: Receive) -> bool:
    """Wait for a check, and give it up when the client goes away: nobody may have passwords checked and not wait."""
    gone = asyncio.ensure_future(_gone(receive))
    try:
        either: list[asyncio.Future[Any]] = [checking, gone]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return checking.done()
    finally:
        checking.cancel()
        gone.cancel()
        await asyncio.gather(checking, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
