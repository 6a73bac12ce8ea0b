"""The page's files, read once from the package and kept in memory, compressed as well."""

import gzip
import hashlib
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.publish.negotiation import accepts_gzip

PAGE = "page.html"
MEDIA_TYPES = {
    "page.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "charts.js": "text/javascript",
    "format.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "uplot/uPlot.min.css": "text/css",
    "uplot/uPlot.iife.min.js": "text/javascript",
}


class Asset:
    """One file; clients may keep it, and ask with its tag whether it has changed."""

    def __init__(self, name: str) -> None:
        self._body = files("exporter.publish").joinpath("static", name).read_bytes()
        self._compressed = gzip.compress(self._body, mtime=0)
        self._media_type = MEDIA_TYPES[name]
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
    others = [Route(f"/static/{name}", Asset(name).respond) for name in MEDIA_TYPES if name != PAGE]
    return [Route("/", Asset(PAGE).respond), *others]
