"""Headers on every answer that keep browsers from doing more with it than was meant."""

from collections.abc import Callable, Mapping
from email.utils import formatdate

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


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


_ALWAYS = _encoded(SECURITY_HEADERS)


class SecurityHeaders:
    """Wraps an application, refusals included; ``further`` gives headers beside, which go before these."""

    def __init__(self, app: ASGIApp, further: Callable[[], Mapping[str, str]] = dict) -> None:
        self._app = app
        self._further = further

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = _encoded({"Date": formatdate(usegmt=True), **self._further()})
                taken = {name for name, _ in own}
                own += [each for each in _ALWAYS if each[0] not in taken]
                taken.update(name for name, _ in _ALWAYS)
                message["headers"] = [each for each in message.get("headers", ()) if each[0].lower() not in taken] + own
            await send(message)

        await self._app(scope, receive, send_with_headers)
