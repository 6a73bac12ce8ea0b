"""What every request passes: credentials, and headers that keep browsers from doing more than was meant."""

from collections.abc import Mapping
from email.utils import formatdate

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.publish.toolkit.live_config import LiveWebConfig
from exporter.publish.toolkit.users import Access, PasswordChecker

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
}


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
            access = await self._passwords.check(config.users, Headers(scope=scope).get("authorization", ""))
            app = self._app if access is Access.GRANTED else _refusal(access)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Date"] = formatdate(usegmt=True)
                for name, value in {**SECURITY_HEADERS, **config.headers}.items():
                    headers[name] = value
            await send(message)

        await app(scope, receive, send_with_headers)


def _refusal(access: Access) -> PlainTextResponse:
    if access is Access.BUSY:
        return PlainTextResponse("Too many passwords are being checked\n", 503, {"Retry-After": "1"})
    return PlainTextResponse("Unauthorized\n", 401, {"WWW-Authenticate": 'Basic realm="memtest", charset="UTF-8"'})
