"""Basic authentication with bcrypt, whose slowness must reach neither the event loop nor every scrape."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

import bcrypt

MOST_WAITING = 8
MOST_REMEMBERED = 64
_BCRYPT_LONGEST_BYTES = 72


class Access(Enum):
    """What became of a request's credentials."""

    GRANTED = "granted"
    REFUSED = "refused"
    BUSY = "busy"  # too many passwords are being checked already


class PasswordChecker:
    """Checks credentials one at a time in a thread of its own, and remembers the last outcomes.

    Remembered is a keyed hash of user, password and bcrypt hash, so that no password stays in memory and a changed
    user file is honoured at once.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._granted = _Recent(MOST_REMEMBERED)
        self._refused = _Recent(MOST_REMEMBERED)
        self._thread = ThreadPoolExecutor(1, "bcrypt")
        self._waiting = 0

    async def check(self, users: Mapping[str, str], authorization: str) -> Access:
        """Judge the value of an Authorization header against bcrypt hashes by user."""
        credentials = parse_basic(authorization)
        if credentials is None:
            return Access.REFUSED
        user, password = credentials
        # An unknown user takes as long as a known one, so that time tells no names.
        stored = users.get(user) or _unmatchable(next(iter(users.values())))
        mark = self._mark(user, password, stored)
        if mark in self._granted:
            return Access.GRANTED
        if mark in self._refused:
            return Access.REFUSED
        if self._waiting >= MOST_WAITING:
            return Access.BUSY
        granted = await self._verify(password, stored)
        (self._granted if granted else self._refused).add(mark)
        return Access.GRANTED if granted else Access.REFUSED

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _verify(self, password: bytes, stored: str) -> bool:
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, _matches, password, stored.encode())
        finally:
            self._waiting -= 1

    def _mark(self, user: str, password: bytes, stored: str) -> bytes:
        name = user.encode()
        message = b"%d:%b%b:%b" % (len(name), name, stored.encode(), password)
        return hmac.digest(self._key, message, hashlib.sha256)


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


def _unmatchable(like: str) -> str:
    """Return a hash of the same cost that no password is known for."""
    return like[:7] + "." * 53
