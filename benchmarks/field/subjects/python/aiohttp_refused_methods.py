"""A server with a middleware is asked with a method that the route does not have: every such answer was cached."""

import asyncio

from aiohttp import web
from steady import steadily

REQUEST = b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@web.middleware
async def passing_on(request: web.Request, handler: object) -> web.StreamResponse:
    """The middleware."""
    return await handler(request)


async def hello(_: web.Request) -> web.Response:
    """The only route, for GET."""
    return web.Response(text="hello")


async def serve() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Start the server; a connection to it."""
    app = web.Application(middlewares=[passing_on])
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return await asyncio.open_connection(*runner.addresses[0][:2])


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request and its answer."""
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    await reader.readexactly(int(lengths[0].split(b":")[1]))


loop = asyncio.new_event_loop()
connection = loop.run_until_complete(serve())
steadily(lambda: loop.run_until_complete(ask(*connection)))
