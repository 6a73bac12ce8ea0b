"""What a request has to be before any application sees it: of a bounded head, and for a host that is ours."""

import ipaddress
import re
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.publish.toolkit.connection import LONGEST_HEAD_BYTES

_LOCALHOST = "localhost"
# RFC 9110, section 7.2: a name or an address, in brackets where it has colons, and a port.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:@/\[\]]*))(?::\d{0,5})?")


class Admission:
    """Wraps an application that listens on ``host``, empty for every address.

    On a loopback address only this machine's names are served: a page of another site, whose name has been made to
    lead here, is refused. On other addresses every name is.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._own = host if _is_loopback(host) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = _without_origin(scope)
        app = self._app
        if _head_bytes(scope) > LONGEST_HEAD_BYTES:
            app = PlainTextResponse(f"A request's head has {LONGEST_HEAD_BYTES} bytes at most\n", 431)
        elif self._own is not None and not self._is_ours(_host_of(target)):
            app = PlainTextResponse("This is served on the loopback address, and under its names only\n", 421)
        await app(target, receive, send)

    def _is_ours(self, host: str) -> bool:
        return host in ("", _LOCALHOST, self._own) or host.endswith(f".{_LOCALHOST}") or _is_loopback(host)


def _head_bytes(scope: Scope) -> int:
    """The bytes of a request's target and headers, a colon, a blank and a line's end for each of the latter."""
    headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return headers + len(scope["raw_path"]) + len(scope["query_string"])


def _without_origin(scope: Scope) -> Scope:
    """The same with a path alone where the target is a whole URL, as proxies send it (RFC 9112, section 3.2.2)."""
    path = scope["raw_path"].decode("latin-1")
    if not path.lower().startswith(("http://", "https://")):
        return scope
    try:
        origin = urlsplit(path)
    except ValueError:
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    found = origin.path or "/"
    return {
        **scope,
        "path": unquote(found),
        "raw_path": found.encode("latin-1"),
        "headers": [*headers, (b"host", origin.netloc.encode("latin-1"))],
    }


def _host_of(scope: Scope) -> str:
    """The host's name, without its port and in lower case; empty where a client names none."""
    found = _HOST.fullmatch(Headers(scope=scope).get("host", ""))
    return (found[1] or found[2]).lower().rstrip(".") if found else "?"


def _is_loopback(host: str) -> bool:
    if host.lower() == _LOCALHOST:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
