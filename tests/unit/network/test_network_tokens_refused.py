"""What is wrong with token transactions: it is refused, and changes nothing."""

import asyncio
from collections.abc import Callable

import pytest
from mini_wallet import World
from token_wallet import TokenWallet

from exporter.network.ledger.errors import Invalid, NotFound, NotReady, Refused
from exporter.network.ledger.token_books import Outpoint
from exporter.network.proto import spark_pb2
from exporter.network.proto import token_pb2 as pb


def _spend_twice(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    return wallet.spending([at, at], [(wallet.identity, token, 20)])


def _mint_nothing(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    return wallet.minting(token, 0)


def _mint_another(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    draft = wallet.minting(token, 1)
    draft.partial_token_outputs[0].token_identifier = bytes(32)
    return draft


def _name_no_token(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    draft = wallet.minting(token, 1)
    draft.mint_input.ClearField("token_identifier")
    return draft


def _spend_nowhere(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    return wallet.spending([Outpoint(bytes(32), 0)], [(wallet.identity, token, 10)])


def _pay_nobody(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    return wallet.spending([at], [(b"nobody", token, 10)])


def _do_nothing(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    return wallet.draft([(wallet.identity, token, 10)])


def _change_the_terms(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    draft = wallet.spending([at], [(wallet.identity, token, 10)])
    draft.partial_token_outputs[0].withdraw_bond_sats = 1
    return draft


def _shorten_the_amount(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    draft = wallet.spending([at], [(wallet.identity, token, 10)])
    draft.partial_token_outputs[0].token_amount = b"\x0a"
    return draft


def _name_other_operators(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    draft = wallet.spending([at], [(wallet.identity, token, 10)])
    del draft.token_transaction_metadata.spark_operator_identity_public_keys[0]
    return draft


def _name_another_network(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    draft = wallet.spending([at], [(wallet.identity, token, 10)])
    draft.token_transaction_metadata.network = spark_pb2.MAINNET
    return draft


def _come_too_late(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    draft = wallet.spending([at], [(wallet.identity, token, 10)])
    draft.execute_before.seconds = 1_700_000_000
    return draft


def _last_too_long(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    draft = wallet.spending([at], [(wallet.identity, token, 10)])
    draft.token_transaction_metadata.validity_duration_seconds = 301
    return draft


def _make_very_many(wallet: TokenWallet, token: bytes, at: Outpoint) -> pb.PartialTokenTransaction:
    return wallet.draft([(wallet.identity, token, 1)] * 501, mint_input=wallet.minting(token, 1).mint_input)


@pytest.mark.parametrize(
    ("wrong", "refusal", "said"),
    [
        (_spend_twice, Invalid, "spends an output once"),
        (_mint_nothing, Invalid, "an output has an amount"),
        (_mint_another, Invalid, "mints no other token"),
        (_name_no_token, NotFound, "there is no token"),
        (_spend_nowhere, NotFound, "there is no token output"),
        (_pay_nobody, Invalid, "no public key"),
        (_do_nothing, Invalid, "creates a token, mints some or spends"),
        (_change_the_terms, Invalid, "a bond of 10000 sats"),
        (_shorten_the_amount, Invalid, "has 16 bytes, not 1"),
        (_name_other_operators, Invalid, "other operators"),
        (_name_another_network, Invalid, "another network"),
        (_come_too_late, NotReady, "after its deadline"),
        (_last_too_long, Invalid, "1 to 300 seconds"),
        (_make_very_many, Invalid, "at most 500 outputs"),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(
    world: World,
    wrong: Callable[[TokenWallet, bytes, Outpoint], pb.PartialTokenTransaction],
    refusal: type[Refused],
    said: str,
) -> None:
    async def check() -> None:
        alice = TokenWallet(world)
        token = await alice.create()
        await alice.mint(token, 10)
        ((_, at, _),) = world.services.token_ledger.unspent([alice.identity])
        with pytest.raises(refusal, match=said):
            await alice.send(wrong(alice, token, at))
        assert (alice.balance(token), world.services.token_ledger.minted(token)) == (10, 10)

    asyncio.run(check())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token_name", "to"),
        ("token_name", "t" * 21),
        ("token_name", "A\N{COMBINING RING ABOVE}" * 3),
        ("token_ticker", "TOOLONG"),
        ("decimals", 256),
        ("extra_metadata", bytes(1025)),
        ("max_supply", b"\x01"),
        ("issuer_public_key", b"nobody"),
    ],
)
def test_a_token_that_cannot_be_is_refused(world: World, field: str, value: object) -> None:
    async def check() -> None:
        alice = TokenWallet(world)
        draft = alice.creating("TST")
        setattr(draft.create_input, field, value)
        with pytest.raises(Invalid):
            await alice.send(draft)

    asyncio.run(check())
