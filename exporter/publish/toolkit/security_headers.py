"""Headers on every answer that keep browsers from doing more with it than was meant."""

from collections.abc import Callable, Mapping
from email.utils import formatdate

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
}


class SecurityHeaders:
    """Wraps an application, refusals included; ``further`` gives headers beside, which go before these."""

    def __init__(self, app: ASGIApp, further: Callable[[], Mapping[str, str]] = dict) -> None:
        self._app = app
        self._further = further

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Date"] = formatdate(usegmt=True)
                for name, value in {**SECURITY_HEADERS, **self._further()}.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)
