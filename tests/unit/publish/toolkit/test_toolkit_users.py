"""Basic authentication: outcomes, what is remembered, what a flood of passwords does."""

import asyncio
import base64
import threading

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.publish.toolkit.users import MOST_REMEMBERED, MOST_WAITING, Access, PasswordChecker, parse_basic

HASHES = {"alice": bcrypt.hashpw(b"open", bcrypt.gensalt(4)).decode()}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def check(*authorizations: str) -> list[Access]:
    async def one_after_the_other() -> list[Access]:
        checker = PasswordChecker()
        try:
            return [await checker.check(HASHES, authorization) for authorization in authorizations]
        finally:
            checker.close()

    return asyncio.run(one_after_the_other())


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The passwords that bcrypt was asked about."""
    asked: list[bytes] = []

    def checkpw(password: bytes, stored: bytes) -> bool:
        asked.append(password)
        return password == b"open"

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    return asked


def test_right_password_is_granted() -> None:
    assert check(basic("alice", "open")) == [Access.GRANTED]


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Bearer abc",
        "Basic !!!",
        "Basic " + base64.b64encode(b"alice").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        basic("alice", "shut"),
        basic("alice", ""),
        basic("mallory", "open"),
        basic("alice", "open" * 100),
        basic("alice", "open\0"),
    ],
)
def test_everything_else_is_refused(authorization: str) -> None:
    assert check(authorization) == [Access.REFUSED]


def test_outcomes_are_remembered(verifications: list[bytes]) -> None:
    asked = [basic("alice", "open")] * 3 + [basic("alice", "shut")] * 3
    assert check(*asked) == [Access.GRANTED] * 3 + [Access.REFUSED] * 3
    assert verifications == [b"open", b"shut"]


def test_memory_is_bounded_and_wrong_passwords_do_not_push_out_right_ones(verifications: list[bytes]) -> None:
    flood = [basic("alice", f"guess {number}") for number in range(2 * MOST_REMEMBERED)]
    check(basic("alice", "open"), *flood, basic("alice", "open"), flood[0])
    assert verifications.count(b"open") == 1
    assert verifications.count(b"guess 0") == 2


def test_changed_hash_is_honoured_at_once(verifications: list[bytes]) -> None:
    async def change() -> None:
        checker = PasswordChecker()
        await checker.check({"alice": HASHES["alice"]}, basic("alice", "open"))
        await checker.check({"alice": bcrypt.hashpw(b"other", bcrypt.gensalt(4)).decode()}, basic("alice", "open"))
        checker.close()

    asyncio.run(change())
    assert verifications == [b"open", b"open"]


def test_unknown_user_is_checked_like_a_known_one(verifications: list[bytes]) -> None:
    check(basic("mallory", "shut"))
    assert verifications == [b"shut"]


def test_flood_is_turned_away_and_leaves_the_event_loop_and_known_users_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def slow_checkpw(password: bytes, stored: bytes) -> bool:
        if password != b"open":
            assert release.wait(120)
        return password == b"open"

    monkeypatch.setattr(bcrypt, "checkpw", slow_checkpw)

    async def flood() -> tuple[Access, list[Access]]:
        checker = PasswordChecker()
        assert await checker.check(HASHES, basic("alice", "open")) is Access.GRANTED
        guesses = [
            asyncio.ensure_future(checker.check(HASHES, basic("alice", f"guess {n}"))) for n in range(MOST_WAITING + 5)
        ]
        await asyncio.sleep(0)
        known = await asyncio.wait_for(checker.check(HASHES, basic("alice", "open")), 60)
        release.set()
        outcomes = await asyncio.gather(*guesses)
        checker.close()
        return known, outcomes

    known, outcomes = asyncio.run(flood())
    assert known is Access.GRANTED
    assert outcomes.count(Access.BUSY) == 5
    assert outcomes.count(Access.REFUSED) == MOST_WAITING


@given(
    st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_parses_what_clients_send(user: str, password: str) -> None:
    assert parse_basic(basic(user, password)) == (user, password.encode())


@given(st.text())
def test_any_header_is_parsed_or_refused(header: str) -> None:
    parsed = parse_basic(header)
    assert parsed is None or len(parsed) == 2
