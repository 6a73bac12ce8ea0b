"""Serves a run's profiles where pprof looks for them: ``go tool pprof http://127.0.0.1:6060/debug/pprof/heap``."""

import asyncio
import html
import math
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.drivers.subject import CommandError, Subject
from exporter.errors import ExporterError, SubjectError
from exporter.publish.toolkit.admission import Admission
from exporter.publish.toolkit.connection import connections
from exporter.publish.toolkit.listen_address import listen
from exporter.publish.toolkit.listener import Listener
from exporter.publish.toolkit.security_headers import SecurityHeaders
from exporter.settings.listen_address import ListenAddress

LOOPBACK = "127.0.0.1"
DEFAULT_SECONDS = 30.0  # as Go's
LONGEST_SECONDS = 300.0
# Taking a heap profile of a large process takes a while.
_MOST_SECONDS_BEYOND = 60.0

# A profile by kind and, of CPU time, for so many seconds; raises ExporterError or CommandError.
TakeProfile = Callable[[str, float], Awaitable[bytes]]


async def take_profile(subject: Subject, kind: str, seconds: float, place: Path) -> bytes:
    """Have a subject write a profile in ``place``, and read it; raises CommandError, SubjectError, OSError."""
    with tempfile.TemporaryDirectory(prefix="profile-", dir=place) as directory:
        path = Path(directory) / "profile.pb.gz"
        await subject.request("profile", kind=kind, seconds=seconds, path=str(path))
        profile = path.read_bytes()
    from exporter.heaps.native_names import name_native_code  # protobuf and pyelftools: for runs that take profiles

    return await asyncio.to_thread(name_native_code, profile)


class ProfileServer:
    """Serves what ``take`` gives on a port of the loopback address, in the running event loop; ``url`` is its index.

    The port is bound before there is a run: until ``take`` is set, there are no profiles.
    """

    def __init__(self, port: int) -> None:
        self.url = ""
        self.take: TakeProfile = _nothing_yet
        self._port = port
        self._listener: Listener

    async def __aenter__(self) -> "ProfileServer":
        """Bind and serve; raises ConfigError, naming the address and the remedy, if that can't be."""
        bound = listen(ListenAddress(LOOPBACK, self._port), "pprof-port")
        app = SecurityHeaders(Admission(make_app(lambda kind, seconds: self.take(kind, seconds)), LOOPBACK))
        self._listener = Listener(bound, connections(app, LONGEST_SECONDS + _MOST_SECONDS_BEYOND), lambda: None)
        self.url = f"http://{LOOPBACK}:{bound.getsockname()[1]}/debug/pprof/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.stop()


def make_app(take: TakeProfile) -> Starlette:
    """Return the application that serves profiles, one at a time."""
    pages = _Pages(take)
    app = Starlette(
        routes=[
            Route("/debug/pprof/", pages.index),
            Route("/debug/pprof/heap", pages.heap),
            Route("/debug/pprof/goroutine", pages.goroutine),
            Route("/debug/pprof/profile", pages.profile),
        ]
    )
    app.router.redirect_slashes = False
    return app


async def _nothing_yet(kind: str, seconds: float) -> bytes:
    raise SubjectError("the run has not begun")


class _Pages:
    def __init__(self, take: TakeProfile) -> None:
        self._take = take
        self._one_at_a_time = asyncio.Lock()

    async def index(self, request: Request) -> Response:
        return HTMLResponse(_INDEX.format(host=html.escape(request.url.netloc)))

    async def heap(self, request: Request) -> Response:
        return await self._answer("heap", 0.0)

    async def goroutine(self, request: Request) -> Response:
        return await self._answer("goroutine", 0.0)

    async def profile(self, request: Request) -> Response:
        seconds = _seconds(request)
        if seconds is None:
            return PlainTextResponse(f"seconds: give a number up to {LONGEST_SECONDS:g}\n", 400)
        return await self._answer("cpu", seconds)

    async def _answer(self, kind: str, seconds: float) -> Response:
        if self._one_at_a_time.locked():
            return PlainTextResponse("Another profile is being taken: try again when it is done.\n", 429)
        async with self._one_at_a_time:
            try:
                profile = await self._take(kind, seconds)
            except (ExporterError, CommandError, OSError) as error:
                return PlainTextResponse(f"No profile: {error}\n", 503)
        headers = {"Content-Disposition": f'attachment; filename="{kind}.pb.gz"', "Cache-Control": "no-store"}
        return Response(profile, media_type="application/octet-stream", headers=headers)


def _seconds(request: Request) -> float | None:
    try:
        seconds = float(request.query_params.get("seconds", DEFAULT_SECONDS))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds <= LONGEST_SECONDS else None


_INDEX = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Profiles of the subject</title>
<h1>Profiles of the subject</h1>
<ul>
<li><a href="heap">heap</a>: what the heap of its language holds, by code that allocated
<li><a href="goroutine">goroutine</a>: where goroutines are, of a driver in Go
<li><a href="profile?seconds=30">profile</a>: CPU time for 30 s, by code; what is native only roughly
</ul>
<p>Look at one with <code>go tool pprof -top http://{host}/debug/pprof/heap</code></p>
"""
