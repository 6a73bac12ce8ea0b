"""The faucet client, against a real HTTP server that answers as told."""

import asyncio
import base64
import json
import socket
import threading
import time
from contextlib import suppress

import pytest
from http_faucet import MONEY, Faucet, serving
from hypothesis import given
from hypothesis import strategies as st

from exporter.settings.faucet import FaucetSettings
from exporter.workload.faucet import MAX_ANSWER_BYTES, FaucetClient, FaucetError, parse_answer

SECRET = "hunter2-hunter2"


def ask(faucet: Faucet, *, times: int = 1, timeout: float = 60.0) -> list[str]:
    async def main() -> list[str]:
        client = FaucetClient(FaucetSettings(faucet.url, "alice", SECRET), timeout=timeout, backoff=0.01)
        return await asyncio.gather(*(client.fund("bcrt1address", 50_000) for _ in range(times)))

    return asyncio.run(main())


def test_the_mutation_is_sent_with_basic_auth() -> None:
    with serving(Faucet((200, {}, MONEY))) as faucet:
        assert ask(faucet) == ["ab12"]
    headers, body = faucet.requests[0]
    assert headers["Authorization"] == "Basic " + base64.b64encode(f"alice:{SECRET}".encode()).decode()
    assert body["operationName"] == "RequestRegtestFunds"
    assert body["variables"] == {"address": "bcrt1address", "amount_sats": 50_000}
    assert "request_regtest_funds(input: {address: $address, amount_sats: $amount_sats})" in body["query"]


def test_two_requests_go_out_at_once_and_no_more() -> None:
    with serving(Faucet((200, {}, MONEY), delay=0.5)) as faucet:
        assert ask(faucet, times=6) == ["ab12"] * 6
    assert faucet.most_at_once == 2


@pytest.mark.parametrize(
    "hiccup",
    [(503, {}, ""), (500, {}, "boom"), (429, {"Retry-After": "0"}, "")],
)
def test_what_may_pass_is_tried_again(hiccup: tuple[int, dict[str, str], str]) -> None:
    with serving(Faucet(hiccup, hiccup, (200, {}, MONEY))) as faucet:
        assert ask(faucet) == ["ab12"]
    assert len(faucet.requests) == 3


def test_retry_after_is_waited_for() -> None:
    with serving(Faucet((429, {"Retry-After": "1"}, ""), (200, {}, MONEY))) as faucet:
        began = time.monotonic()
        assert ask(faucet) == ["ab12"]
        assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize(
    ("answer", "complaint", "requests"),
    [
        ((401, {}, ""), "refused with 401; check FAUCET_USERNAME and FAUCET_PASSWORD", 1),
        ((404, {}, ""), "answered with status 404", 1),
        ((503, {}, ""), "answered with status 503", 3),
        ((200, {}, '{"errors":[{"message":"daily limit reached"}],"data":null}'), "no money: daily limit reached", 1),
        ((200, {}, "<html>"), "not a JSON object", 1),
        ((200, {}, '{"data":{}}'), "holds no transaction", 1),
    ],
)
def test_a_refusal_says_what_and_shows_no_secret(
    answer: tuple[int, dict[str, str], str], complaint: str, requests: int
) -> None:
    with serving(Faucet(answer)) as faucet:
        with pytest.raises(FaucetError) as refusal:
            ask(faucet)
        assert complaint in str(refusal.value)
        assert SECRET not in str(refusal.value)
        assert len(faucet.requests) == requests


def test_a_silent_faucet_is_given_up() -> None:
    with (
        serving(Faucet((200, {}, MONEY), delay=0.5)) as faucet,
        pytest.raises(FaucetError, match=r"did not answer within 0\.1 s"),
    ):
        ask(faucet, timeout=0.1)


@pytest.mark.parametrize("head", ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"])
def test_a_faucet_that_drips_is_given_up(head: str) -> None:
    async def main(url: str) -> None:
        await FaucetClient(FaucetSettings(url), backoff=0.01, longest=1.0).fund("bcrt1address", 50_000)

    def drip(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.sendall(head.encode())
                    while True:
                        connection.sendall(b"1")
                        time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=[listener], daemon=True).start()
        began = time.monotonic()
        with pytest.raises(FaucetError, match=r"has not answered as a whole within 1 s; try again later"):
            asyncio.run(main(f"http://127.0.0.1:{listener.getsockname()[1]}/"))
        assert time.monotonic() - began < 20
        listener.shutdown(socket.SHUT_RDWR)


def test_an_answer_without_an_end_is_refused() -> None:
    with (
        serving(Faucet((200, {}, "x" * (MAX_ANSWER_BYTES + 1)))) as faucet,
        pytest.raises(FaucetError, match=r"gave no money: the answer is longer than 1 MiB"),
    ):
        ask(faucet)


def test_a_faucet_that_is_away_is_named_without_the_password_in_its_address() -> None:
    faucet = Faucet()
    faucet.url = f"http://alice:{SECRET}@127.0.0.1:9/graphql"
    with pytest.raises(FaucetError, match=r"the faucet at http://127\.0\.0\.1 can't be reached") as refusal:
        ask(faucet)
    assert SECRET not in str(refusal.value)


def test_settings_show_no_credentials() -> None:
    assert SECRET not in repr(FaucetSettings("http://x", "alice", SECRET))


@given(st.binary(max_size=100) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["data", "errors", "message", "request_regtest_funds"]), inner, max_size=3),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_answer_is_a_transaction_or_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_answer(body)
