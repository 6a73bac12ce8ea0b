"""Signing in: challenges that a wallet signs with its identity key, and the sessions that follow.

Both are stateless: what a server gives out carries its own HMAC, so no table of sessions grows.
"""

import base64
import binascii
import functools
import hmac
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from exporter.network.ledger import keys
from exporter.network.ledger.errors import NotAuthenticated

CHALLENGE_SECONDS = 60
SESSION_SECONDS = 3600
TIME_SECONDS = 60  # between two answers of a session that tell the time

_EXPIRY = struct.Struct(">Q")


@dataclass(slots=True)
class Session:
    """A session that was opened; times in seconds since the epoch."""

    identity: bytes
    expiry: int
    told_time: float = 0.0

    def wants_time(self, now: float) -> bool:
        """Whether an answer should tell the wallet the time: the first one, and one a minute."""
        if now < self.told_time + TIME_SECONDS:
            return False
        self.told_time = now
        return True


class Sessions:
    """Issues and checks one server's challenges and sessions.

    Args:
        now: the clock, in seconds since the epoch.
        lifetime: how long a session is good for, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time, lifetime: float = SESSION_SECONDS) -> None:
        self._secret = secrets.token_bytes(32)
        self._now = now
        self._lifetime = lifetime
        self._opened = functools.lru_cache(maxsize=256)(self._open)  # every call shows the same few tokens

    def authenticate(self, message: bytes) -> bytes:
        """The HMAC of a message of this server's."""
        return hmac.digest(self._secret, message, "sha256")

    def timestamp(self) -> int:
        return int(self._now())

    def check_challenge(self, challenge: bytes, mac: bytes, issued: int) -> None:
        """Check that a challenge is this server's own and recent; raises NotAuthenticated."""
        if not hmac.compare_digest(self.authenticate(challenge), mac):
            raise NotAuthenticated("the challenge is not one of this server's")
        if self._now() - issued > CHALLENGE_SECONDS:
            raise NotAuthenticated("the challenge has expired")

    def open(self, identity: bytes, signature: bytes, signed: bytes) -> tuple[str, int]:
        """A session for whoever signed a challenge: its token and its expiry, seconds since the epoch.

        Raises:
            NotAuthenticated: the signature is not by this identity key.
        """
        if not keys.verify(identity, signature, signed):
            raise NotAuthenticated("the challenge is not signed by this identity key")
        expiry = int(self._now() + self._lifetime)
        body = identity + _EXPIRY.pack(expiry)
        return base64.urlsafe_b64encode(body + self.authenticate(body)).decode(), expiry

    def identity(self, token: str) -> bytes:
        """Whose session a token opens; raises NotAuthenticated if it is none, or expired."""
        return self.session(token).identity

    def session(self, token: str) -> Session:
        """The session that a token opens; raises NotAuthenticated if it is none, or expired."""
        session = self._opened(token)
        if self._now() >= session.expiry:
            raise NotAuthenticated("the session has expired")
        return session

    def _open(self, token: str) -> Session:
        try:
            raw = base64.urlsafe_b64decode(token)
        except (binascii.Error, ValueError) as error:
            raise NotAuthenticated("the session token is malformed") from error
        body, mac = raw[:-32], raw[-32:]
        if not hmac.compare_digest(self.authenticate(body), mac):
            raise NotAuthenticated("there is no such session")
        return Session(body[: -_EXPIRY.size], *_EXPIRY.unpack(body[-_EXPIRY.size :]))
