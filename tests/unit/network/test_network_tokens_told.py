"""What wallets are told of tokens: history, holdings, events, and Spark invoices that are paid in them."""

import asyncio
from collections.abc import Awaitable

import pytest
from mini_wallet import World
from token_wallet import TokenWallet

from exporter.network.ledger.errors import Exists, Invalid, NotAllowed
from exporter.network.proto import spark_pb2
from exporter.network.proto import token_pb2 as pb


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
