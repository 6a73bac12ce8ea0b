"""Basic authentication: outcomes, what is remembered, what a flood of passwords does."""

import asyncio
import base64
import threading
from collections.abc import Iterator, Sequence

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.publish.toolkit.users import MOST_REMEMBERED, PasswordChecker, parse_basic

HERE, THERE, LIMIT_SECONDS = "192.0.2.1", "198.51.100.7", 60
HASHES = {"alice": bcrypt.hashpw(b"open", bcrypt.gensalt(4)).decode()}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def check(*authorizations: str) -> list[bool]:
    async def one_after_the_other() -> list[bool]:
        checker = PasswordChecker()
        try:
            return [await checker.check(HASHES, authorization, HERE) for authorization in authorizations]
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
    assert check(basic("alice", "open")) == [True]


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
    assert check(authorization) == [False]


def test_outcomes_are_remembered(verifications: list[bytes]) -> None:
    asked = [basic("alice", "open")] * 3 + [basic("alice", "shut")] * 3
    assert check(*asked) == [True] * 3 + [False] * 3
    assert verifications == [b"open", b"shut"]


def test_memory_is_bounded_and_wrong_passwords_do_not_push_out_right_ones(verifications: list[bytes]) -> None:
    flood = [basic("alice", f"guess {number}") for number in range(2 * MOST_REMEMBERED)]
    check(basic("alice", "open"), *flood, basic("alice", "open"), flood[0])
    assert verifications.count(b"open") == 1
    assert verifications.count(b"guess 0") == 2


def test_changed_hash_is_honoured_at_once(verifications: list[bytes]) -> None:
    async def change() -> None:
        checker = PasswordChecker()
        await checker.check({"alice": HASHES["alice"]}, basic("alice", "open"), HERE)
        other = bcrypt.hashpw(b"other", bcrypt.gensalt(4)).decode()
        await checker.check({"alice": other}, basic("alice", "open"), HERE)
        checker.close()

    asyncio.run(change())
    assert verifications == [b"open", b"open"]


def test_unknown_user_is_checked_like_a_known_one(verifications: list[bytes]) -> None:
    check(basic("mallory", "shut"))
    assert verifications == [b"shut"]


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """Each release has one password checked that isn't the right one."""
    turns = threading.Semaphore(0)

    def checkpw(password: bytes, stored: bytes) -> bool:
        if password != b"open":
            assert turns.acquire(timeout=LIMIT_SECONDS)
        return password == b"open"

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    yield turns
    turns.release(1000)


class Guessers:
    """Clients that send a further guess as soon as they are told that one was wrong."""

    def __init__(self, checker: PasswordChecker, addresses: Sequence[str]) -> None:
        self.guesses = 0
        self._checker = checker
        self._tasks = [asyncio.ensure_future(self._guess(address)) for address in addresses]

    async def _guess(self, address: str) -> None:
        while True:
            self.guesses += 1
            assert not await self._checker.check(HASHES, basic("alice", f"guess {self.guesses}"), address)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def guesses_before_a_right_password(
    one_by_one: threading.Semaphore, guessing: Sequence[str], address: str, warm_up: int = 0
) -> int:
    """How many guesses are begun before a right password is granted that isn't remembered."""

    async def main() -> int:
        checker = PasswordChecker()
        guessers = Guessers(checker, guessing)
        while guessers.guesses < len(guessing) + warm_up:
            one_by_one.release()
            await asyncio.sleep(0.001)
        before = guessers.guesses
        right = asyncio.ensure_future(checker.check(HASHES, basic("alice", "open"), address))
        async with asyncio.timeout(LIMIT_SECONDS):
            while not right.done():
                one_by_one.release()
                await asyncio.sleep(0.001)
        assert right.result()
        await guessers.stop()
        checker.close()
        return guessers.guesses - before

    return asyncio.run(main())


def test_guessers_at_the_same_address_delay_a_right_password_by_a_turn_each(one_by_one: threading.Semaphore) -> None:
    assert guesses_before_a_right_password(one_by_one, [HERE] * 40, HERE) <= 45


@pytest.mark.parametrize(
    ("guessing", "address"),
    [([HERE] * 40, THERE), ([f"2001:db8::{number:x}" for number in range(40)], "2001:db8:1::1")],
)
def test_guessers_elsewhere_delay_a_right_password_hardly_at_all(
    one_by_one: threading.Semaphore, guessing: Sequence[str], address: str
) -> None:
    assert guesses_before_a_right_password(one_by_one, guessing, address, warm_up=45) <= 5


def test_guesses_leave_the_event_loop_and_known_users_alone(one_by_one: threading.Semaphore) -> None:
    async def main() -> bool:
        checker = PasswordChecker()
        assert await checker.check(HASHES, basic("alice", "open"), HERE)
        guessers = Guessers(checker, [HERE] * 40)
        known = await asyncio.wait_for(checker.check(HASHES, basic("alice", "open"), HERE), LIMIT_SECONDS)
        await guessers.stop()
        checker.close()
        return known

    assert asyncio.run(main())


def test_who_goes_away_gives_up_the_turn(one_by_one: threading.Semaphore) -> None:
    async def main() -> None:
        checker = PasswordChecker()
        guesses = [
            asyncio.ensure_future(checker.check(HASHES, basic("alice", f"guess {number}"), HERE)) for number in range(4)
        ]
        await asyncio.sleep(0)
        for guess in (guesses[2], guesses[0]):  # one that waits, and the one that is being checked
            guess.cancel()
        one_by_one.release(3)
        async with asyncio.timeout(LIMIT_SECONDS):
            assert not any(await asyncio.gather(guesses[1], guesses[3]))
            assert await checker.check(HASHES, basic("alice", "open"), HERE)
        checker.close()

    asyncio.run(main())


def test_the_same_password_sent_at_once_is_checked_once(verifications: list[bytes]) -> None:
    async def main() -> None:
        checker = PasswordChecker()
        assert all(await asyncio.gather(*(checker.check(HASHES, basic("alice", "open"), HERE) for _ in range(9))))
        checker.close()

    asyncio.run(main())
    assert verifications == [b"open"]


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
