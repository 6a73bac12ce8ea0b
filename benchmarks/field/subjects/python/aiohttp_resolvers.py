"""Makes a connector and closes it, each time in an event loop of its own: the resolver of names of each went on."""

import asyncio

from aiohttp import TCPConnector
from steady import steadily


async def connect_and_close() -> None:
    """A connector from its beginning to its end."""
    await TCPConnector().close()


steadily(lambda: asyncio.run(connect_and_close()))
