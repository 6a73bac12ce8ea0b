"""The profile server by real requests."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from http.client import HTTPResponse

import pytest

from exporter.drivers.subject import CommandError
from exporter.errors import ConfigError
from exporter.publish.profiles import ProfileServer


async def get(url: str) -> tuple[int, bytes]:
    def fetch() -> tuple[int, bytes]:
        answer: HTTPResponse
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    return await asyncio.to_thread(fetch)


def serving(take: Callable[[str, float], Awaitable[bytes]] | None, use: Callable[[str], Awaitable[None]]) -> None:
    async def serve() -> None:
        async with ProfileServer(0) as server:
            if take:
                server.take = take
            await use(server.url)

    asyncio.run(serve())


async def echo(kind: str, seconds: float) -> bytes:
    return f"{kind} {seconds:g}".encode()


def test_each_profile_is_where_pprof_looks_for_it() -> None:
    async def use(url: str) -> None:
        assert await get(f"{url}heap") == (200, b"heap 0")
        assert await get(f"{url}goroutine") == (200, b"goroutine 0")
        assert await get(f"{url}profile?seconds=5") == (200, b"cpu 5")
        assert await get(f"{url}profile") == (200, b"cpu 30")
        status, page = await get(url)
        assert status == 200
        assert f"go tool pprof -top {url}heap".encode() in page
        assert (await get(f"{url}threadcreate"))[0] == 404

    serving(echo, use)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e9", "soon"])
def test_seconds_that_cannot_be_are_refused(seconds: str) -> None:
    async def use(url: str) -> None:
        status, text = await get(f"{url}profile?seconds={seconds}")
        assert (status, text) == (400, b"seconds: give a number up to 300\n")

    serving(echo, use)


def test_before_the_run_and_after_a_failure_there_is_none() -> None:
    async def early(url: str) -> None:
        assert await get(f"{url}heap") == (503, b"No profile: the run has not begun\n")

    async def refuse(kind: str, seconds: float) -> bytes:
        raise CommandError("profile", "this driver has no command 'profile'", "unknown_command")

    async def late(url: str) -> None:
        assert await get(f"{url}heap") == (503, b"No profile: this driver has no command 'profile'\n")

    serving(None, early)
    serving(refuse, late)


def test_one_profile_is_taken_at_a_time() -> None:
    begun, done = asyncio.Event(), asyncio.Event()

    async def slow(kind: str, seconds: float) -> bytes:
        begun.set()
        await done.wait()
        return b"slow"

    async def use(url: str) -> None:
        first = asyncio.create_task(get(f"{url}profile?seconds=1"))
        await begun.wait()
        assert (await get(f"{url}heap"))[0] == 429
        assert (await get(url))[0] == 200
        done.set()
        assert await first == (200, b"slow")

    serving(slow, use)


def test_a_port_in_use_is_refused() -> None:
    async def twice() -> None:
        async with ProfileServer(0) as first:
            port = int(first.url.split(":")[2].split("/")[0])
            async with ProfileServer(port):
                pass

    with pytest.raises(ConfigError, match=r"pprof-port 127\.0\.0\.1:\d+ can't be used"):
        asyncio.run(twice())
