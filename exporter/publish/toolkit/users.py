"""Basic authentication with bcrypt, whose slowness must reach neither the event loop nor every scrape."""

import asyncio
import base64
import binascii
import hashlib
import heapq
import hmac
import ipaddress
import itertools
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import bcrypt

MOST_REMEMBERED = 64
_NETWORK_BITS = 64  # of an address of IPv6, which one client has as many of as it likes
_BCRYPT_LONGEST_BYTES = 72


class PasswordChecker:
    """Checks credentials one at a time in a thread of its own, and remembers the last outcomes.

    Nobody is turned away: each waits for its turn, before those from whose addresses more wrong passwords came lately,
    and otherwise in the order of arrival. Guessers make a right password that isn't remembered wait, and can't shut it
    out. How many wait is up to the caller: no more than there are connections.

    Remembered is a keyed hash of user, password and bcrypt hash, so that no password stays in memory and a changed
    user file is honoured at once.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._granted = _Recent(MOST_REMEMBERED)
        self._refused = _Recent(MOST_REMEMBERED)
        self._thread = ThreadPoolExecutor(1, "bcrypt")
        self._turns = _Turns()
        self._failures: OrderedDict[str, int] = OrderedDict()  # the last ones, by address

    async def check(self, users: Mapping[str, str], authorization: str, address: str) -> bool:
        """Whether the value of an Authorization header, sent from an address, fits bcrypt hashes by user."""
        credentials = parse_basic(authorization)
        if credentials is None:
            return False
        user, password = credentials
        # An unknown user takes as long as a known one, so that time tells no names.
        stored = users.get(user) or _unmatchable(next(iter(users.values())))
        mark = self._mark(user, password, stored)
        known = self._remembered(mark)
        if known is not None:
            return known
        client = _client_of(address)
        async with self._turns.turn(self._failures.get(client, 0)):
            # Meanwhile another request may have had the same checked.
            known = self._remembered(mark)
            if known is None:
                known = await self._verify(password, stored)
                (self._granted if known else self._refused).add(mark)
                self._note(client, granted=known)
        return known

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _verify(self, password: bytes, stored: str) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _matches, password, stored.encode())

    def _remembered(self, mark: bytes) -> bool | None:
        if mark in self._granted:
            return True
        return False if mark in self._refused else None

    def _note(self, client: str, *, granted: bool) -> None:
        failures = self._failures.pop(client, 0)
        if not granted:
            self._failures[client] = failures + 1
            if len(self._failures) > MOST_REMEMBERED:
                self._failures.popitem(last=False)

    def _mark(self, user: str, password: bytes, stored: str) -> bytes:
        name = user.encode()
        message = b"%d:%b%b:%b" % (len(name), name, stored.encode(), password)
        return hmac.digest(self._key, message, hashlib.sha256)


class _Turns:
    """Lets one in at a time: of those who wait the one with fewest failures, and of these the one that came first."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    @asynccontextmanager
    async def turn(self, failures: int) -> AsyncIterator[None]:
        if self._taken:
            await self._wait(failures)
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, failures: int) -> None:
        waiting = failures, next(self._numbers), asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, waiting)
        came = waiting[-1]
        try:
            await came
        except asyncio.CancelledError:
            if not came.cancelled():
                self._pass_on()
            elif waiting in self._waiting:
                self._waiting.remove(waiting)
                heapq.heapify(self._waiting)
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            came = heapq.heappop(self._waiting)[-1]
            if not came.done():
                came.set_result(None)
                return
        self._taken = False


class _Recent:
    """The last few marks; the one unused for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._marks: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, mark: bytes) -> bool:
        if mark not in self._marks:
            return False
        self._marks.move_to_end(mark)
        return True

    def add(self, mark: bytes) -> None:
        self._marks[mark] = None
        if len(self._marks) > self._most:
            self._marks.popitem(last=False)


def parse_basic(authorization: str) -> tuple[str, bytes] | None:
    """Return user and password of a Basic Authorization header (RFC 7617), or None if it is none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
        user, colon, password = decoded.partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _matches(password: bytes, stored: bytes) -> bool:
    # Longer ones bcrypt would cut, so that their tails would not matter.
    return len(password) <= _BCRYPT_LONGEST_BYTES and bcrypt.checkpw(password, stored)


def _client_of(address: str) -> str:
    """The address, or of one of IPv6 the network."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.ip_network((int(found), _NETWORK_BITS), strict=False))


def _unmatchable(like: str) -> str:
    """Return a hash of the same cost that no password is known for."""
    return like[:7] + "." * 53
