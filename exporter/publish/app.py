"""The routes: metrics, health, the run as JSON, the live page."""

import gzip
import json
import math
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.publish.assets import asset_routes
from exporter.publish.collector import make_registry
from exporter.publish.exposition import Exposition
from exporter.publish.history import as_columns
from exporter.publish.negotiation import accepts_gzip, choose_format
from exporter.publish.recorder import Recorder
from exporter.publish.run_view import describe_run
from exporter.record.state import RunState

_COMPRESSION_LEVEL = 4


def make_app(run: RunState, recorder: Recorder) -> Starlette:
    """Return the application that serves one run."""
    pages = Pages(run, recorder)
    app = Starlette(
        routes=[
            Route("/metrics", pages.metrics),
            Route("/-/healthy", pages.healthy),
            Route("/-/ready", pages.ready),
            Route("/api/v1/run", pages.run),
            Route("/api/v1/history", pages.history),
            *asset_routes(),
        ]
    )
    app.router.redirect_slashes = False
    return app


class Pages:
    """The endpoints of one run."""

    def __init__(self, run: RunState, recorder: Recorder) -> None:
        self._run = run
        self._recorder = recorder
        self._exposition = Exposition(make_registry(run))

    async def metrics(self, request: Request) -> Response:
        openmetrics, content_type = choose_format(",".join(request.headers.getlist("accept")))
        names = frozenset(filter(None, request.query_params.getlist("name[]")))
        compressed = accepts_gzip(request.headers.get("accept-encoding", ""))
        body = self._exposition.render(openmetrics, names, compressed)
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        return Response(body, headers=headers | ({"Content-Encoding": "gzip"} if compressed else {}))

    async def healthy(self, request: Request) -> Response:
        return PlainTextResponse("Healthy.\n")

    async def ready(self, request: Request) -> Response:
        """Ready is a run whose load goes on, or is over; before that wallets are connected and funded."""
        if self._run.load_started_at or self._run.finished:
            return PlainTextResponse("Ready.\n")
        return PlainTextResponse("The load has not started yet.\n", 503)

    async def run(self, request: Request) -> Response:
        return _json(request, describe_run(self._run, datetime.now(UTC)))

    async def history(self, request: Request) -> Response:
        """Return points as columns by subject.

        ``since`` (seconds since the epoch) leaves out earlier points, unless ``resolution`` says that the client's
        points are further apart or closer together than ours now.
        """
        since, resolution = _number(request, "since"), _number(request, "resolution")
        subjects = {
            name: {
                "resolution_seconds": history.resolution,
                "columns": as_columns(history.since(since if resolution == history.resolution else None)),
            }
            for name, history in self._recorder.histories.items()
        }
        return _json(request, {"subjects": subjects})


def _number(request: Request, name: str) -> float | None:
    try:
        value = float(request.query_params.get(name, "nan"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _json(request: Request, content: dict[str, Any]) -> Response:
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        body = gzip.compress(body, _COMPRESSION_LEVEL)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")
