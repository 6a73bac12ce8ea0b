"""The rules of tokens: who may do what, and what wallets are told of it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from mini_wallet import World
from token_wallet import TokenWallet

from exporter.network.ledger import keys, token_hashes
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound, NotReady, Refused
from exporter.network.ledger.token_books import Outpoint
from exporter.network.ledger.tokens import BURNT, MAX_AMOUNT
from exporter.network.proto import spark_pb2
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


def test_history_has_filters_and_pages(world: World) -> None:
    async def check() -> None:
        alice, bob = TokenWallet(world), TokenWallet(world)
        token, other = await alice.create(), await alice.create("TWO")
        await alice.mint(token, 10)
        await alice.mint(other, 10)
        await alice.pay(token, 4, bob.identity)

        async def kinds(**filters: object) -> list[str | None]:
            wanted = pb.QueryTokenTransactionsByFilters(**filters)  # type: ignore[arg-type]  # by name
            answer = await world.services.tokens.query_token_transactions(
                pb.QueryTokenTransactionsRequest(by_filters=wanted), bob.identity
            )
            return [each.token_transaction.WhichOneof("token_inputs") for each in answer.token_transactions_with_status]

        everything = ["transfer_input", "mint_input", "mint_input", "create_input", "create_input"]
        assert await kinds(issuer_public_keys=[alice.identity]) == everything
        assert await kinds(issuer_public_keys=[bob.identity]) == []
        assert await kinds(owner_public_keys=[bob.identity]) == ["transfer_input"]
        assert await kinds(owner_public_keys=[alice.identity], token_identifiers=[other]) == ["mint_input"]
        ((_, _, held),) = world.services.token_ledger.unspent([bob.identity])
        assert await kinds(output_ids=[held.id]) == ["transfer_input"]
        first = spark_pb2.PageRequest(page_size=2)
        back = spark_pb2.PageRequest(page_size=2, cursor="4", direction=spark_pb2.PREVIOUS)
        assert await kinds(page_request=first) == everything[:2]
        assert await kinds(page_request=back) == everything[2:4]
        with pytest.raises(Invalid, match="no cursor"):
            await kinds(page_request=spark_pb2.PageRequest(cursor="x"))

    asyncio.run(check())


def test_history_is_read_by_offset_and_by_hash(world: World) -> None:
    async def check() -> None:
        alice = TokenWallet(world)
        await alice.mint(await alice.create(), 10)

        async def answer(**asked: object) -> pb.QueryTokenTransactionsResponse:
            request = pb.QueryTokenTransactionsRequest(**asked)  # type: ignore[arg-type]  # by name
            return await world.services.tokens.query_token_transactions(request, alice.identity)

        first = await answer(limit=1, order=spark_pb2.ASCENDING)
        assert first.offset == 1
        second = await answer(limit=1, offset=1, order=spark_pb2.ASCENDING)
        assert second.offset == -1
        (made,) = second.token_transactions_with_status
        (found,) = (
            await answer(by_tx_hash={"token_transaction_hashes": [made.token_transaction_hash]})
        ).token_transactions_with_status
        assert found == made
        with pytest.raises(Invalid, match="name a token transaction"):
            await answer(by_tx_hash={})

    asyncio.run(check())


def test_holdings_are_listed_by_pages_and_token(world: World) -> None:
    async def check() -> None:
        alice = TokenWallet(world)
        token, other = await alice.create(), await alice.create("TWO")
        for each in (token, other, token):
            await alice.mint(each, 5)

        async def page(**asked: object) -> pb.QueryTokenOutputsResponse:
            request = pb.QueryTokenOutputsRequest(owner_public_keys=[alice.identity], **asked)  # type: ignore[arg-type]
            return await world.services.tokens.query_token_outputs(request, alice.identity)

        first = await page(page_request={"page_size": 2})
        rest = await page(page_request={"page_size": 2, "cursor": first.page_response.next_cursor})
        listed = [
            each.output.token_identifier
            for answer in (first, rest)
            for each in answer.outputs_with_previous_transaction_data
        ]
        assert listed == [token, other, token]
        assert (first.page_response.has_next_page, rest.page_response.has_next_page) == (True, False)
        of_one = await page(token_identifiers=[other])
        assert len(of_one.outputs_with_previous_transaction_data) == 1
        assert not (await page(token_identifiers=[bytes(32)])).outputs_with_previous_transaction_data
        with pytest.raises(Invalid, match="in one direction"):
            await page(page_request={"direction": spark_pb2.PREVIOUS})

    asyncio.run(check())


def test_both_parties_hear_of_a_payment(world: World) -> None:
    async def check() -> None:
        alice, bob = TokenWallet(world), TokenWallet(world)
        token = await alice.create()
        await alice.mint(token, 10)
        streams = [world.services.events.subscribe(each.identity) for each in (alice, bob)]
        for stream in streams:
            await anext(stream)  # that it is connected
        await alice.pay(token, 4, bob.identity)
        for stream in streams:
            heard = (await anext(stream)).token_transaction
            assert list(heard.token_identifiers) == [token]
            assert world.services.token_ledger.transaction(heard.token_transaction_hash)

    asyncio.run(check())


def test_a_spark_invoice_is_paid_in_tokens_once(world: World) -> None:
    async def check() -> None:
        alice, bob = TokenWallet(world), TokenWallet(world)
        token = await alice.create()
        await alice.mint(token, 10)

        async def status() -> spark_pb2.InvoiceResponse:
            asked = spark_pb2.QuerySparkInvoicesRequest(invoice=["an invoice"])
            return (await world.services.spark_invoices.query_spark_invoices(asked, bob.identity)).invoice_statuses[0]

        async def pay() -> None:
            draft = alice.paying(token, 4, bob.identity)
            draft.token_transaction_metadata.invoice_attachments.add(spark_invoice="an invoice")
            await alice.send(draft)

        assert (await status()).status == spark_pb2.NOT_FOUND
        await pay()
        paid = await status()
        assert paid.status == spark_pb2.FINALIZED
        assert world.services.token_ledger.transaction(paid.token_transfer.final_token_transaction_hash)
        with pytest.raises(Exists, match="is paid already"):
            await pay()
        assert bob.balance(token) == 4

    asyncio.run(check())


def test_nobody_speaks_for_another(world: World) -> None:
    async def check() -> None:
        alice, tokens = TokenWallet(world), world.services.tokens
        asked: list[Awaitable[object]] = [
            tokens.broadcast_transaction(pb.BroadcastTransactionRequest(identity_public_key=alice.identity), b"eve"),
            tokens.start_transaction(pb.StartTransactionRequest(identity_public_key=alice.identity), b"eve"),
            tokens.commit_transaction(pb.CommitTransactionRequest(owner_identity_public_key=alice.identity), b"eve"),
        ]
        for each in asked:
            with pytest.raises(NotAllowed):
                await each

    asyncio.run(check())
