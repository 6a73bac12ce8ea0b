"""Asks a cookie jar for the cookies of ever new paths: each path was kept, whether it had cookies or not."""

import asyncio

from aiohttp import CookieJar
from steady import steadily
from yarl import URL


async def jar_with_a_cookie() -> CookieJar:
    """A jar, which wants a running loop."""
    jar = CookieJar()
    jar.update_cookies({"session": "1"}, URL("http://localhost/"))
    return jar


JAR = asyncio.run(jar_with_a_cookie())
number = 0


def ask() -> None:
    """The cookies of a path that was not asked for before."""
    global number
    number += 1
    JAR.filter_cookies(URL(f"http://localhost/orders/{number:08}"))


steadily(ask)
