"""Blocks that pass with time, and the payments in them, as wallets see them over HTTP."""

import json
from typing import Any

import pytest
from asgi_client import request
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from exporter.network.ledger import addresses, keys
from exporter.network.ledger.archive import Archive
from exporter.network.ledger.chain import START_HEIGHT, Chain
from exporter.network.ledger.errors import Invalid, NotFound
from exporter.network.servers import esplora

ADDRESS = addresses.taproot_address(keys.taproot_script(keys.public_key(7)))
OTHER = addresses.taproot_address(keys.taproot_script(keys.public_key(8)))


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chain(clock: Clock) -> Chain:
    return Chain(Archive(), block_seconds=10, now=clock)


def test_blocks_pass_with_time_and_with_payments(chain: Chain, clock: Clock) -> None:
    assert chain.height == START_HEIGHT
    clock.seconds += 25
    assert chain.height == START_HEIGHT + 2
    output = chain.pay(ADDRESS, 500)
    assert (chain.height, chain.confirmations(output)) == (START_HEIGHT + 3, 1)
    clock.seconds += 10
    assert chain.confirmations(output) == 2


def test_a_spent_output_is_history(chain: Chain) -> None:
    first, second = chain.pay(ADDRESS, 500), chain.pay(ADDRESS, 600)
    chain.pay(OTHER, 700)
    chain.spend(first)
    assert chain.paid_to([ADDRESS], unspent_only=True) == [second]
    assert [output.sats for output in chain.paid_to([ADDRESS], unspent_only=False)] == [500, 600]
    assert chain.paid_to([ADDRESS, OTHER], unspent_only=True, limit=1, offset=1)[0].sats == 700
    assert chain.output(first.txid).spent
    with pytest.raises(NotFound):
        chain.output(first.txid, 1)


@given(st.binary(min_size=32, max_size=32))
def test_addresses_are_those_of_their_scripts(program: bytes) -> None:
    address = addresses.taproot_address(b"\x51\x20" + program)
    assert addresses.is_bitcoin(address)
    assert addresses.bitcoin_script(address) == b"\x51\x20" + program
    spoilt = address[:-1] + ("q" if address[-1] != "q" else "p")
    with pytest.raises(Invalid):
        addresses.bitcoin_script(spoilt)


def test_the_output_script_of_a_known_address() -> None:
    # The address of BIP 173's example key, with the prefix of this network.
    script = addresses.bitcoin_script("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080")
    assert script.hex() == "0014751e76e8199196d454941c45d1b3a323f1433bd6"


@pytest.mark.parametrize("address", ["", "bcrt1", "bcrt1qqqqqq", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "x"])
def test_pays_to_addresses_of_this_network_alone(chain: Chain, address: str) -> None:
    with pytest.raises(Invalid):
        chain.pay(address, 500)
    assert chain.height == START_HEIGHT


def test_answers_as_an_esplora_server(chain: Chain) -> None:
    application = Starlette(routes=esplora.routes(chain))
    output = chain.pay(ADDRESS, 500)

    def text(path: str) -> str:
        answer = request(application, "GET", f"/chain{path}")
        assert answer.status == 200
        return answer.body.decode()

    def value(path: str) -> Any:
        return json.loads(text(path))

    height = START_HEIGHT + 1
    assert text("/blocks/tip/height") == str(height)
    assert text(f"/tx/{output.txid}/hex") == output.raw.hex()
    (unspent,) = value(f"/address/{ADDRESS}/utxo")
    assert (unspent["txid"], unspent["vout"], unspent["value"]) == (output.txid, 0, 500)
    assert unspent["status"] == value(f"/tx/{output.txid}/status")
    assert (unspent["status"]["confirmed"], unspent["status"]["block_height"]) == (True, height)
    assert unspent["status"]["block_hash"] == text("/blocks/tip/hash")
    (listed,) = value(f"/address/{ADDRESS}/txs")
    assert listed == value(f"/tx/{output.txid}")
    assert listed["vout"][0]["scriptpubkey_address"] == ADDRESS
    assert value(f"/tx/{output.txid}/outspend/0") == {"spent": False}
    assert value("/fee-estimates")["1"] == 1.0
    chain.spend(output)
    assert value(f"/address/{ADDRESS}/utxo") == []
    assert value(f"/tx/{output.txid}/outspend/0") == {"spent": True}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/tx/" + "0" * 64, 404), ("/address/nonsense/utxo", 400), ("/address/nonsense/txs", 400), ("/blocks", 404)],
)
def test_says_what_it_does_not_have(chain: Chain, path: str, status: int) -> None:
    assert request(Starlette(routes=esplora.routes(chain)), "GET", f"/chain{path}").status == status
