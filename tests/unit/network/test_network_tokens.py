"""The rules of tokens: who may do what."""

import asyncio

import pytest
from mini_wallet import World
from token_wallet import TokenWallet

from exporter.network.ledger import keys, token_hashes
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound, NotReady
from exporter.network.ledger.tokens import BURNT, MAX_AMOUNT
from exporter.network.proto import token_pb2 as pb

both_versions = pytest.mark.parametrize("version", [2, 3])
MANY = 2**100 + 1


@both_versions
def test_a_token_is_created_minted_paid_and_burnt(world: World, version: int) -> None:
    async def check() -> None:
        alice, bob = TokenWallet(world, version), TokenWallet(world, version)
        token = await alice.create(max_supply=MANY)
        await alice.mint(token, MANY)
        await alice.pay(token, MANY - 7, bob.identity)
        await alice.burn(token, 2)
        assert (alice.balance(token), bob.balance(token)) == (5, MANY - 7)
        assert world.services.token_ledger.balance(BURNT, token) == 2

    asyncio.run(check())


@both_versions
def test_what_is_burnt_makes_no_room_for_more(world: World, version: int) -> None:
    async def check() -> None:
        alice = TokenWallet(world, version)
        token = await alice.create(max_supply=10)
        await alice.mint(token, 10)
        await alice.burn(token, 10)
        with pytest.raises(NotReady, match="no more than 10 of token TST"):
            await alice.mint(token, 1)

    asyncio.run(check())


def test_a_token_without_a_largest_supply_ends_where_amounts_do(world: World) -> None:
    async def check() -> None:
        alice = TokenWallet(world)
        token = await alice.create()
        await alice.mint(token, MAX_AMOUNT)
        with pytest.raises(NotReady):
            await alice.mint(token, 1)
        assert alice.balance(token) == MAX_AMOUNT

    asyncio.run(check())


@both_versions
def test_only_the_issuer_mints(world: World, version: int) -> None:
    async def check() -> None:
        alice, eve = TokenWallet(world, version), TokenWallet(world, version)
        token = await alice.create()
        with pytest.raises(Invalid, match="another issuer's"):
            await eve.mint(token, 1)
        forged = alice.minting(token, 1)
        with pytest.raises(Invalid, match="not signed for"):
            await eve.send(forged)
        assert world.services.token_ledger.minted(token) == 0

    asyncio.run(check())


@both_versions
def test_only_the_owner_pays(world: World, version: int) -> None:
    async def check() -> None:
        alice, eve = TokenWallet(world, version), TokenWallet(world, version)
        token = await alice.create()
        await alice.mint(token, 10)
        theft = alice.paying(token, 10, eve.identity)
        with pytest.raises(Invalid, match="not signed for"):
            await eve.send(theft)
        assert alice.balance(token) == 10

    asyncio.run(check())


@both_versions
def test_the_same_token_is_created_once_and_another_beside_it(world: World, version: int) -> None:
    async def check() -> None:
        alice = TokenWallet(world, version)
        first = await alice.create()
        with pytest.raises(Exists, match="there already"):
            await alice.create()
        second = await alice.create("TWO")
        asked = pb.QueryTokenMetadataRequest(issuer_public_keys=[alice.identity])
        answer = await world.services.tokens.query_token_metadata(asked, alice.identity)
        assert [each.token_identifier for each in answer.token_metadata] == [first, second]
        assert [each.token_ticker for each in answer.token_metadata] == ["TST", "TWO"]

    asyncio.run(check())


def test_a_wallet_that_asks_again_gets_the_same_answer(world: World) -> None:
    async def check() -> None:
        alice, older = TokenWallet(world), TokenWallet(world, 2)
        token = await alice.create()
        draft = alice.minting(token, 10)
        assert await alice.send(draft) == await alice.send(draft)
        assert alice.balance(token) == 10
        second = await older.create("TWO")
        started = await older.start(older.minting(second, 10), older.secret)
        assert await older.commit(started, older.secret) == await older.commit(started, older.secret)
        assert older.balance(second) == 10

    asyncio.run(check())


def test_what_is_started_is_committed_as_it_was_by_its_owner_and_in_time(world: World) -> None:
    async def check() -> None:
        alice = TokenWallet(world, 2)
        token = await alice.create()
        started = await alice.start(alice.minting(token, 10), alice.secret)
        with pytest.raises(Invalid, match="not signed for"):
            await alice.commit(started, secret=5)
        changed = pb.TokenTransaction()
        changed.CopyFrom(started)
        changed.token_outputs[0].token_amount = (11).to_bytes(16, "big")
        with pytest.raises(NotFound, match="no such token transaction was started"):
            await alice.commit(changed, alice.secret)
        world.passed += 181
        with pytest.raises(NotFound, match="has expired"):
            await alice.commit(started, alice.secret)
        assert alice.balance(token) == 0

    asyncio.run(check())


def test_a_version_is_made_in_its_own_way(world: World) -> None:
    async def check() -> None:
        alice, tokens = TokenWallet(world), world.services.tokens
        newer, older = pb.PartialTokenTransaction(version=2), pb.TokenTransaction(version=3)
        with pytest.raises(Invalid, match="of version 2 is not broadcast but started"):
            await tokens.broadcast_transaction(
                pb.BroadcastTransactionRequest(identity_public_key=alice.identity, partial_token_transaction=newer),
                alice.identity,
            )
        with pytest.raises(Invalid, match="of version 3 is not started but broadcast"):
            await tokens.start_transaction(
                pb.StartTransactionRequest(identity_public_key=alice.identity, partial_token_transaction=older),
                alice.identity,
            )

    asyncio.run(check())


@both_versions
def test_frozen_tokens_stay_until_they_are_freed(world: World, version: int) -> None:
    async def check() -> None:
        alice, bob = TokenWallet(world, version), TokenWallet(world, version)
        token = await alice.create()
        await alice.mint(token, 10)
        await alice.pay(token, 4, bob.identity)
        frozen = await alice.freeze(token, bob.identity, at=1)
        assert int.from_bytes(frozen.impacted_token_amount, "big") == 4
        assert len(frozen.impacted_token_outputs) == len(frozen.impacted_output_ids) == 1
        await alice.pay(token, 1, bob.identity)  # what comes is frozen too
        with pytest.raises(NotReady, match="is frozen by its issuer"):
            await bob.pay(token, 1, alice.identity)
        await alice.freeze(token, bob.identity, at=2, frozen=False)
        with pytest.raises(NotReady, match="since"):
            await alice.freeze(token, bob.identity, at=1)
        await bob.pay(token, 5, alice.identity)
        assert alice.balance(token) == 10

    asyncio.run(check())


def test_only_an_issuer_freezes_and_only_what_can_be(world: World) -> None:
    async def check() -> None:
        alice, bob = TokenWallet(world), TokenWallet(world)
        token = await alice.create()
        with pytest.raises(Invalid, match="not signed by their issuer"):
            await bob.freeze(token, alice.identity, at=1)
        fixed = await alice.create("FIX", is_freezable=False)
        with pytest.raises(NotAllowed, match="nobody can freeze"):
            await alice.freeze(fixed, bob.identity, at=1)

    asyncio.run(check())


def test_a_signature_may_name_its_key(world: World) -> None:
    async def check() -> None:
        alice = TokenWallet(world)
        token = await alice.create()
        draft = alice.minting(token, 1)
        digest = token_hashes.object_hash(draft)
        by_key = pb.KeyedSignature(public_key=alice.identity, signature=keys.sign_schnorr(alice.secret, digest))
        request = pb.BroadcastTransactionRequest(
            identity_public_key=alice.identity,
            partial_token_transaction=draft,
            token_transaction_owner_signatures=[pb.SignatureWithIndex(single_signature=by_key)],
        )
        await world.services.tokens.broadcast_transaction(request, alice.identity)
        assert alice.balance(token) == 1

    asyncio.run(check())
