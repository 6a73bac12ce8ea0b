"""The page's files, read once from the package and kept in memory, compressed as well."""

import gzip
import hashlib
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.publish.negotiation import accepts_gzip
from exporter.publish.static_files import names_in, read_bytes

_PAGE = "live/page.html"
_FILES = ("icon.svg", "base.css")
_FOLDERS = ("chart", "live", "uplot")
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class Asset:
    """One file; clients may keep it, and ask with its tag whether it has changed."""

    def __init__(self, name: str) -> None:
        self._body = read_bytes(name)
        self._compressed = gzip.compress(self._body, mtime=0)
        self._media_type = _MEDIA_TYPES[PurePosixPath(name).suffix]
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:16]}"'

    async def respond(self, request: Request) -> Response:
        headers = {"ETag": self._tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == self._tag:
            return Response(status_code=304, headers=headers)
        compressed = accepts_gzip(request.headers.get("accept-encoding", ""))
        if compressed:
            headers["Content-Encoding"] = "gzip"
        return Response(self._compressed if compressed else self._body, headers=headers, media_type=self._media_type)


def asset_routes() -> list[Route]:
    """Return the page at ``/`` and its files under ``/static/``."""
    names = [*_FILES, *(name for folder in _FOLDERS for name in names_in(folder))]
    served = [name for name in names if PurePosixPath(name).suffix in _MEDIA_TYPES and name != _PAGE]
    return [Route("/", Asset(_PAGE).respond), *(Route(f"/static/{name}", Asset(name).respond) for name in served)]
