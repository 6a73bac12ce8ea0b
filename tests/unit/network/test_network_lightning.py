"""Lightning from wallet to wallet: whole or not at all, to the satoshi, once for each invoice."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mini_wallet import Wallet, World, check_conserved, locks, status

from exporter.network.ledger import invoices, keys
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound
from exporter.network.ledger.leaves import LeafStatus
from exporter.network.ledger.user_requests import LightningReceive, LightningSend, ReceiveStatus, SendStatus
from exporter.network.parties.lightning import MAX_EXPIRY_SECONDS, UNANSWERED_SECONDS, UNASKED_SECONDS, InvoiceWish, fee
from exporter.network.proto import spark_pb2 as pb

WAITING = pb.PREIMAGE_REQUEST_STATUS_WAITING_FOR_PREIMAGE
SHARED = pb.PREIMAGE_REQUEST_STATUS_PREIMAGE_SHARED
RETURNED = pb.PREIMAGE_REQUEST_STATUS_RETURNED


@given(st.integers(1, 50_000))
def test_the_fee_is_a_base_and_a_part_rounded_up(sats: int) -> None:
    assert 2 + sats / 500 <= fee(sats) < 3 + sats / 500


def test_a_payment_moves_the_amount_and_burns_the_fee(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(10_000), Wallet(world)
        receive = await bob.invoice(1_000)
        sent = await alice.pay_invoice(receive)
        await alice.claim_all()
        assert (sent.status, sent.fee_sats, sent.sats) == (SendStatus.TRANSFER_COMPLETED, fee(1_000), 1_000)
        assert sent.preimage is not None
        assert hashlib.sha256(bytes.fromhex(sent.preimage)).hexdigest() == receive.payment_hash
        assert world.ledger.balance(alice.identity) == 10_000 - 1_000 - fee(1_000)

        paid = world.services.requests.find(receive.id)
        assert isinstance(paid, LightningReceive)
        assert (paid.status, paid.preimage) == (ReceiveStatus.TRANSFER_COMPLETED, sent.preimage)
        (incoming,) = await locks(bob, pb.PREIMAGE_REQUEST_ROLE_RECEIVER)
        assert (incoming.status, incoming.preimage.hex()) == (SHARED, sent.preimage)
        assert incoming.transfer.id == paid.transfer_id
        (outgoing,) = await locks(alice, pb.PREIMAGE_REQUEST_ROLE_SENDER)
        assert outgoing.transfer.status == pb.TRANSFER_STATUS_COMPLETED
        assert outgoing.transfer.type == pb.PREIMAGE_SWAP

        await bob.claim_all()
        assert world.ledger.balance(bob.identity) == 1_000
        assert world.ledger.total_sats() == 10_000 - fee(1_000)
        check_conserved(world)

    asyncio.run(check())


async def paid_before(payer: Wallet, receiver: Wallet) -> LightningReceive:
    receive = await receiver.invoice(100)
    await payer.pay_invoice(receive)
    return receive


async def expired(payer: Wallet, receiver: Wallet) -> LightningReceive:
    receive = await receiver.invoice(100, expiry_seconds=60)
    receiver.world.passed += 61
    return receive


async def held_already(payer: Wallet, receiver: Wallet) -> LightningReceive:
    receive = await receiver.invoice(100, store=False)
    await payer.pay_invoice(receive)
    return receive


async def of_another_node(payer: Wallet, receiver: Wallet) -> LightningReceive:
    receive = await receiver.invoice(100)
    text = invoices.encode(invoices.decode(receive.invoice), keys.random_scalar())
    return LightningReceive(
        owner="",
        sats=100,
        created=0,
        updated=0,
        transfer_id=None,
        receiver="",
        invoice=text,
        payment_hash=receive.payment_hash,
        memo="",
        expires=0,
    )


@pytest.mark.parametrize("hopeless", [paid_before, expired, held_already, of_another_node])
def test_what_cannot_be_paid_is_given_back_as_it_was(
    world: World, hopeless: Callable[[Wallet, Wallet], "asyncio.Future[LightningReceive]"]
) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(5_000), Wallet(world)
        receive = await hopeless(alice, bob)
        await alice.claim_all()
        await bob.claim_all()
        before = world.ledger.balance(alice.identity), world.ledger.balance(bob.identity)
        (leaf,) = await alice.exact(100 + fee(100))
        as_it_was = (leaf.shares, leaf.refunds, leaf.signing_key)
        transfer_id = await alice.lock([leaf], receive)
        assert status(leaf) is LeafStatus.TRANSFER_LOCKED
        sent = world.services.lightning.send(alice.identity, receive.invoice, None, transfer_id)
        assert (sent.status, sent.preimage) == (SendStatus.USER_SWAP_RETURNED, None)
        assert (leaf.shares, leaf.refunds, leaf.signing_key) == as_it_was
        assert status(leaf) is LeafStatus.AVAILABLE
        (lock,) = await locks(alice, pb.PREIMAGE_REQUEST_ROLE_SENDER, transfer_ids=[transfer_id])
        assert (lock.status, lock.transfer.status) == (RETURNED, pb.TRANSFER_STATUS_RETURNED)
        assert (world.ledger.balance(alice.identity), world.ledger.balance(bob.identity)) == before
        await alice.pay([leaf], bob)
        check_conserved(world)

    asyncio.run(check())


def test_a_hold_invoice_is_paid_when_its_preimage_is_shown(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(5_000), Wallet(world)
        receive = await bob.invoice(100, store=False)
        sent = await alice.pay_invoice(receive)
        assert (sent.status, sent.preimage) == (SendStatus.LIGHTNING_PAYMENT_INITIATED, None)
        world.passed += UNASKED_SECONDS + 1
        world.services.give_back_stale()
        await bob.claim_all()
        assert world.ledger.balance(bob.identity) == 0
        (lock,) = await locks(bob, pb.PREIMAGE_REQUEST_ROLE_RECEIVER)
        assert (lock.status, lock.transfer.total_value) == (WAITING, 100)
        with pytest.raises(Invalid):
            await world.preimages.provide_preimage(
                pb.ProvidePreimageRequest(
                    payment_hash=lock.payment_hash, preimage=bytes(32), identity_public_key=bob.identity
                ),
                bob.identity,
            )
        await bob.show_preimage(receive)
        await bob.claim_all()
        assert world.ledger.balance(bob.identity) == 100
        assert world.ledger.balance(alice.identity) == 5_000 - 100 - fee(100)
        for request_id in (sent.id, receive.id):
            known = world.services.requests.find(request_id)
            assert isinstance(known, LightningSend | LightningReceive)
            assert (known.status, known.preimage) == ("TRANSFER_COMPLETED", bob.preimages[receive.payment_hash].hex())
        check_conserved(world)

    asyncio.run(check())


def test_a_hold_invoice_whose_preimage_nobody_shows_goes_back(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(5_000), Wallet(world)
        receive = await bob.invoice(100, store=False)
        sent = await alice.pay_invoice(receive)
        world.passed += 3_601
        world.services.give_back_stale()
        known = world.services.requests.find(sent.id)
        assert isinstance(known, LightningSend)
        assert known.status == SendStatus.USER_SWAP_RETURNED
        assert {leaf.status for leaf in alice.leaves} == {LeafStatus.AVAILABLE}
        with pytest.raises(NotFound):
            await bob.show_preimage(receive)
        assert world.ledger.total_sats() == world.ledger.balance(alice.identity) == 5_000
        check_conserved(world)

    asyncio.run(check())


@pytest.mark.parametrize("off", [-1, 1])
def test_pays_for_the_exact_sum_alone(world: World, off: int) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(5_000), Wallet(world)
        receive = await bob.invoice(100)
        transfer_id = await alice.lock(await alice.exact(100 + fee(100) + off), receive)
        sent = world.services.lightning.send(alice.identity, receive.invoice, None, transfer_id)
        assert sent.status == SendStatus.USER_SWAP_RETURNED
        assert (await alice.pay_invoice(receive)).status == SendStatus.TRANSFER_COMPLETED

    asyncio.run(check())


def test_the_payer_chooses_where_the_invoice_does_not_say(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(5_000), Wallet(world)
        receive = await bob.invoice(0)
        with pytest.raises(Invalid, match="no amount"):
            world.services.lightning.fee_estimate(receive.invoice, None)
        assert world.services.lightning.fee_estimate(receive.invoice, 700) == fee(700)
        transfer_id = await alice.lock(await alice.exact(700 + fee(700)), receive)
        world.services.lightning.send(alice.identity, receive.invoice, 700, transfer_id)
        await bob.claim_all()
        assert world.ledger.balance(bob.identity) == 700

    asyncio.run(check())


def test_a_payment_that_is_asked_for_twice_is_made_once(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(5_000), Wallet(world)
        receive = await bob.invoice(100)
        transfer_id = await alice.lock(await alice.exact(100 + fee(100)), receive)
        first = world.services.lightning.send(alice.identity, receive.invoice, None, transfer_id)
        assert world.services.lightning.send(alice.identity, receive.invoice, None, transfer_id) == first
        await bob.claim_all()
        assert world.ledger.balance(bob.identity) == 100

    asyncio.run(check())


def test_nobody_pays_with_anothers_transfer(world: World) -> None:
    async def check() -> None:
        alice, bob, mallory = await Wallet(world).funded(5_000), Wallet(world), Wallet(world)
        receive = await bob.invoice(100)
        transfer_id = await alice.lock(await alice.exact(100 + fee(100)), receive)
        with pytest.raises(NotAllowed):
            world.services.lightning.send(mallory.identity, receive.invoice, None, transfer_id)
        with pytest.raises(NotFound):
            world.services.lightning.send(alice.identity, receive.invoice, None, "another")
        other = await mallory.invoice(100)
        with pytest.raises(Invalid, match="another payment hash"):
            world.services.lightning.send(alice.identity, other.invoice, None, transfer_id)
        with pytest.raises(NotFound, match="does not wait"):  # since it was given back
            world.services.lightning.send(alice.identity, receive.invoice, None, transfer_id)

    asyncio.run(check())


def test_invoices_are_made_within_bounds_and_once(world: World) -> None:
    alice = keys.public_key(5)
    wish = InvoiceWish(alice, bytes(32), 100, 3600, "memo", None, with_spark_hint=True)
    receive = world.services.lightning.receive(alice, wish)
    invoice = invoices.decode(receive.invoice)
    assert (invoice.sats, invoice.spark_identity, invoice.expires) == (100, alice, receive.expires)
    with pytest.raises(Exists):
        world.services.lightning.receive(alice, wish)
    for bad in (
        InvoiceWish(alice, bytes(31), 100, 3600),
        InvoiceWish(alice, bytes(32), -1, 3600),
        InvoiceWish(alice, bytes(32), 1, 0),
        InvoiceWish(alice, bytes(32), 1, MAX_EXPIRY_SECONDS + 1),
    ):
        with pytest.raises(Invalid):
            world.services.lightning.receive(alice, bad)


def test_a_payment_to_the_node_that_never_answers_is_under_way_and_then_given_back(world: World) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(5_000)
        lightning = world.services.lightning
        unanswered = replace(
            await Wallet(world).invoice(0),
            invoice=lightning.unanswered,
            payment_hash=invoices.decode(lightning.unanswered).payment_hash.hex(),
        )
        for _ in range(2):  # of one invoice, as often as it takes
            transfer_id = await alice.lock(await alice.exact(700 + fee(700)), unanswered)
            sent = lightning.send(alice.identity, lightning.unanswered, 700, transfer_id)
            lightning.fail_unanswered()
            assert world.services.requests.find(sent.id) == sent
            assert sent.status == SendStatus.LIGHTNING_PAYMENT_INITIATED
            assert LeafStatus.TRANSFER_LOCKED in {leaf.status for leaf in alice.leaves}
            world.passed += UNANSWERED_SECONDS + 1
            lightning.fail_unanswered()
            failed = world.services.requests.find(sent.id)
            assert isinstance(failed, LightningSend)
            assert failed.status == SendStatus.USER_SWAP_RETURNED
            assert {leaf.status for leaf in alice.leaves} == {LeafStatus.AVAILABLE}
        assert world.ledger.balance(alice.identity) == 5_000
        check_conserved(world)

    asyncio.run(check())


def test_what_the_provider_is_never_asked_about_is_given_back(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(96), Wallet(world)
        locked, swapped = alice.leaves
        await alice.lock([locked], await bob.invoice(61))
        await alice.start_swap([swapped])
        world.services.give_back_stale()
        assert {leaf.status for leaf in alice.leaves} == {LeafStatus.TRANSFER_LOCKED}
        world.passed += UNASKED_SECONDS + 1
        world.services.give_back_stale()
        assert {leaf.status for leaf in alice.leaves} == {LeafStatus.AVAILABLE}

    asyncio.run(check())
