"""Sessions and challenges: good ones, forged ones, old ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.network.ledger import keys
from exporter.network.ledger.errors import NotAuthenticated
from exporter.network.parties.sessions import CHALLENGE_SECONDS, SESSION_SECONDS, TIME_SECONDS, Sessions

SECRET = 7
IDENTITY = keys.public_key(SECRET)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_is_its_owners_until_it_expires() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    token, expiry = sessions.open(IDENTITY, keys.sign(SECRET, b"challenge"), b"challenge")
    assert expiry == clock.now + SESSION_SECONDS
    clock.now += SESSION_SECONDS - 1
    assert sessions.identity(token) == IDENTITY
    clock.now += 1
    with pytest.raises(NotAuthenticated, match="expired"):
        sessions.identity(token)


def test_a_session_is_told_the_time_at_first_and_once_a_minute() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    token, _ = sessions.open(IDENTITY, keys.sign(SECRET, b"challenge"), b"challenge")
    asked = []
    for _ in range(4):
        asked.append(sessions.session(token).wants_time(clock.now))
        clock.now += TIME_SECONDS / 2
    assert asked == [True, False, True, False]


def test_another_servers_session_is_none_here() -> None:
    token, _ = Sessions().open(IDENTITY, keys.sign(SECRET, b"challenge"), b"challenge")
    with pytest.raises(NotAuthenticated):
        Sessions().identity(token)


@given(st.text())
def test_no_text_is_a_session_by_chance(token: str) -> None:
    with pytest.raises(NotAuthenticated):
        Sessions().identity(token)


def test_a_challenge_signed_by_another_key_opens_nothing() -> None:
    with pytest.raises(NotAuthenticated, match="not signed"):
        Sessions().open(IDENTITY, keys.sign(SECRET + 1, b"challenge"), b"challenge")


def test_a_challenge_is_good_once_made_here_and_for_a_minute() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    mac = sessions.authenticate(b"challenge")
    issued = sessions.timestamp()
    sessions.check_challenge(b"challenge", mac, issued)
    with pytest.raises(NotAuthenticated, match="not one of"):
        sessions.check_challenge(b"another", mac, issued)
    clock.now += CHALLENGE_SECONDS + 1
    with pytest.raises(NotAuthenticated, match="expired"):
        sessions.check_challenge(b"challenge", mac, issued)
