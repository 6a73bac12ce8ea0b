"""Lightning from wallet to wallet: whole or not at all, to the satoshi, once for each invoice."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from mini_wallet import Wallet, World

from exporter.network.ledger import invoices, keys
from exporter.network.ledger.archive import Filter
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound
from exporter.network.ledger.leaves import Leaf, LeafStatus, TransferStatus, TransferType
from exporter.network.ledger.user_requests import LightningReceive, LightningSend, ReceiveStatus, SendStatus
from exporter.network.parties.lightning import MAX_EXPIRY_SECONDS, UNASKED_SECONDS, InvoiceWish, fee
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.proto import spark_pb2 as pb

WAITING = pb.PREIMAGE_REQUEST_STATUS_WAITING_FOR_PREIMAGE
SHARED = pb.PREIMAGE_REQUEST_STATUS_PREIMAGE_SHARED
RETURNED = pb.PREIMAGE_REQUEST_STATUS_RETURNED


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def check_conserved(world: World) -> None:
    assert world.ledger.total_sats() == world.ledger.issued_sats - world.ledger.redeemed_sats


def status(leaf: Leaf) -> LeafStatus:
    return leaf.status


async def locks(wallet: Wallet, role: pb.PreimageRequestRole, **wanted: object) -> list[pb.PreimageRequestWithTransfer]:
    request = pb.QueryHtlcRequest(identity_public_key=wallet.identity, match_role=role, **wanted)  # type: ignore[arg-type]
    return list((await wallet.world.preimages.query_htlc(request, wallet.identity)).preimage_requests)


@settings(deadline=None)
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


def other_hash(request: pb.StorePreimageShareV2Request) -> None:
    request.payment_hash = bytes(32)


def lost_share(request: pb.StorePreimageShareV2Request) -> None:
    del request.encrypted_preimage_shares[OPERATOR_IDS[1]]


def garbled_share(request: pb.StorePreimageShareV2Request) -> None:
    request.encrypted_preimage_shares[OPERATOR_IDS[1]] += b"x"


def swapped_shares(request: pb.StorePreimageShareV2Request) -> None:
    shares = request.encrypted_preimage_shares
    shares[OPERATOR_IDS[1]], shares[OPERATOR_IDS[2]] = shares[OPERATOR_IDS[2]], shares[OPERATOR_IDS[1]]


def other_threshold(request: pb.StorePreimageShareV2Request) -> None:
    request.threshold = 3


@pytest.mark.parametrize("spoil", [other_hash, lost_share, garbled_share, swapped_shares, other_threshold])
def test_refuses_spoilt_shares_and_takes_the_good_ones(
    world: World, spoil: Callable[[pb.StorePreimageShareV2Request], None]
) -> None:
    async def check() -> None:
        bob = Wallet(world)
        preimage = keys.scalar_bytes(keys.random_scalar())
        wish = InvoiceWish(bob.identity, hashlib.sha256(preimage).digest(), 100, 3600)
        receive = world.services.lightning.receive(bob.identity, wish)
        good = bob.share_request(receive, preimage)
        bad = pb.StorePreimageShareV2Request.FromString(good.SerializeToString())
        spoil(bad)
        with pytest.raises(Invalid):
            await world.preimages.store_preimage_share_v2(bad, bob.identity)
        wrong = bob.share_request(receive, keys.scalar_bytes(keys.random_scalar()))
        with pytest.raises(Invalid, match="not the preimage"):
            await world.preimages.store_preimage_share_v2(wrong, bob.identity)
        await world.preimages.store_preimage_share_v2(good, bob.identity)
        with pytest.raises(Exists):
            await world.preimages.store_preimage_share_v2(good, bob.identity)
        assert world.services.preimages.stored(wish.payment_hash) == preimage

    asyncio.run(check())


def short_hash(request: pb.InitiatePreimageSwapRequest) -> None:
    request.payment_hash = bytes(31)


def other_receiver(request: pb.InitiatePreimageSwapRequest) -> None:
    request.receiver_identity_public_key = keys.public_key(5)


def late(request: pb.InitiatePreimageSwapRequest) -> None:
    request.transfer_request.expiry_time.seconds = 5


def to_receive(request: pb.InitiatePreimageSwapRequest) -> None:
    request.reason = pb.InitiatePreimageSwapRequest.REASON_RECEIVE


def locked_to_another(request: pb.InitiatePreimageSwapRequest) -> None:
    request.payment_hash = bytes(32)
    request.invoice_amount.Clear()


def for_another_invoice(request: pb.InitiatePreimageSwapRequest) -> None:
    request.payment_hash = bytes(32)


@pytest.mark.parametrize(
    "spoil", [short_hash, other_receiver, late, to_receive, locked_to_another, for_another_invoice]
)
def test_refuses_a_spoilt_lock_and_takes_the_good_one(
    world: World, spoil: Callable[[pb.InitiatePreimageSwapRequest], None]
) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(64), Wallet(world)
        receive = await bob.invoice(61)
        hashed = bytes.fromhex(receive.payment_hash)
        request = alice.lock_request(alice.leaves, hashed, world.provider.identity, receive.invoice)
        spoil(request)
        with pytest.raises(Invalid):
            await world.preimages.initiate_preimage_swap_v3(request, alice.identity)
        assert {leaf.status for leaf in alice.leaves} == {LeafStatus.AVAILABLE}
        await alice.lock(alice.leaves, receive)

    asyncio.run(check())


def test_refunds_must_lock_the_money_to_the_preimage(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(64), Wallet(world)
        receive = await bob.invoice(61)
        hashed = bytes.fromhex(receive.payment_hash)
        request = alice.lock_request(alice.leaves, hashed, world.provider.identity)
        plain = alice.start_request(alice.leaves, world.provider.identity)
        request.transfer_request.CopyFrom(plain)
        request.transfer_request.expiry_time.seconds = int(world.ledger.now()) + 60
        with pytest.raises(Invalid, match="refund"):
            await world.preimages.initiate_preimage_swap_v3(request, alice.identity)

    asyncio.run(check())


async def wallets_lock(world: World) -> tuple[Wallet, Wallet, Leaf, bytes, pb.InitiatePreimageSwapRequest]:
    """Alice's leaf, locked for Bob, who knows the preimage."""
    alice, bob = await Wallet(world).funded(64), Wallet(world)
    preimage = keys.scalar_bytes(keys.random_scalar())
    request = alice.lock_request(alice.leaves, hashlib.sha256(preimage).digest(), bob.identity)
    await world.preimages.initiate_preimage_swap_v3(request, alice.identity)
    return alice, bob, alice.leaves[0], preimage, request


def test_the_right_preimage_settles_and_a_wrong_one_does_not(world: World) -> None:
    async def check() -> None:
        alice, bob, leaf, preimage, request = await wallets_lock(world)

        async def provide(what: bytes, by: Wallet) -> None:
            provided = pb.ProvidePreimageRequest(
                payment_hash=request.payment_hash, preimage=what, identity_public_key=by.identity
            )
            await world.preimages.provide_preimage(provided, by.identity)

        with pytest.raises(Invalid, match="not the preimage"):
            await provide(bytes(32), bob)
        with pytest.raises(NotFound):
            await provide(preimage, alice)
        assert status(leaf) is LeafStatus.TRANSFER_LOCKED
        await provide(preimage, bob)
        await bob.claim_all()
        assert world.ledger.leaves_of(bob.identity) == [leaf]
        (lock,) = await locks(bob, pb.PREIMAGE_REQUEST_ROLE_RECEIVER_AND_SENDER, payment_hashes=[request.payment_hash])
        assert (lock.status, lock.preimage) == (SHARED, preimage)
        with pytest.raises(NotFound):
            await provide(preimage, bob)

    asyncio.run(check())


def test_what_nobody_unlocks_in_time_is_given_back(world: World) -> None:
    async def check() -> None:
        alice, _, leaf, _, _ = await wallets_lock(world)
        world.services.give_back_stale()
        assert status(leaf) is LeafStatus.TRANSFER_LOCKED
        world.passed += 3601
        world.services.give_back_stale()
        assert status(leaf) is LeafStatus.AVAILABLE
        assert (await locks(alice, pb.PREIMAGE_REQUEST_ROLE_SENDER))[0].status == RETURNED

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


def test_locks_are_shown_to_their_parties_alone(world: World) -> None:
    async def check() -> None:
        alice, bob, _, _, _ = await wallets_lock(world)
        assert await locks(alice, pb.PREIMAGE_REQUEST_ROLE_RECEIVER) == []
        assert await locks(Wallet(world), pb.PREIMAGE_REQUEST_ROLE_RECEIVER_AND_SENDER) == []
        assert len(await locks(bob, pb.PREIMAGE_REQUEST_ROLE_RECEIVER)) == 1
        assert await locks(bob, pb.PREIMAGE_REQUEST_ROLE_RECEIVER, status=SHARED) == []
        assert await locks(bob, pb.PREIMAGE_REQUEST_ROLE_RECEIVER, offset=1) == []
        query = pb.QueryHtlcRequest(identity_public_key=bob.identity)
        with pytest.raises(NotAllowed):
            await world.preimages.query_htlc(query, alice.identity)

    asyncio.run(check())


class Payments(RuleBasedStateMachine):
    """Two wallets pay each other's invoices, good ones and hopeless ones, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.wallets = [asyncio.run(Wallet(self.world).funded(4_000)) for _ in range(2)]
        self.fees = 0
        self.open: list[tuple[int, LightningReceive]] = []
        self.held: list[tuple[int, LightningReceive]] = []

    def teardown(self) -> None:
        self.world.close()

    @rule(receiver=st.integers(0, 1), sats=st.integers(1, 600), store=st.booleans())
    def make_invoice(self, receiver: int, sats: int, store: bool) -> None:
        self.open.append((receiver, asyncio.run(self.wallets[receiver].invoice(sats, store=store))))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), keep=st.booleans())
    def pay(self, data: st.DataObject, keep: bool) -> None:
        receiver, receive = chosen = data.draw(st.sampled_from(self.open))
        payer = self.wallets[1 - receiver]
        asyncio.run(payer.claim_all())
        if sum(leaf.value for leaf in payer.free) < receive.sats + fee(receive.sats):
            return
        paid_already = self.world.services.requests.find(receive.id)
        assert isinstance(paid_already, LightningReceive)
        stored = self.world.services.preimages.stored(bytes.fromhex(receive.payment_hash)) is not None
        sent = asyncio.run(payer.pay_invoice(receive))
        if paid_already.transfer_id is not None or chosen in self.held:
            assert sent.status == SendStatus.USER_SWAP_RETURNED
        elif stored:
            assert sent.status == SendStatus.TRANSFER_COMPLETED
            self.fees += sent.fee_sats
        else:
            assert sent.status == SendStatus.LIGHTNING_PAYMENT_INITIATED
            self.held.append(chosen)
        if not keep:
            self.open.remove(chosen)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def show_preimage(self, data: st.DataObject) -> None:
        receiver, receive = chosen = data.draw(st.sampled_from(self.held))
        asyncio.run(self.wallets[receiver].show_preimage(receive))
        self.fees += fee(receive.sats)
        self.held.remove(chosen)

    @rule()
    def let_all_expire(self) -> None:
        self.world.passed += 3_601
        self.world.services.give_back_stale()
        self.held.clear()
        self.open.clear()

    @rule(payer=st.integers(0, 1))
    def lock_and_forget(self, payer: int) -> None:
        wallet = self.wallets[payer]
        leaves = wallet.free[:1]
        if leaves:
            receive = asyncio.run(self.wallets[1 - payer].invoice(5))
            asyncio.run(wallet.lock(leaves, receive))
            self.world.passed += UNASKED_SECONDS + 1
            self.world.services.give_back_stale()

    @rule()
    def claim(self) -> None:
        for wallet in self.wallets:
            asyncio.run(wallet.claim_all())

    @invariant()
    def money_is_conserved(self) -> None:
        check_conserved(self.world)
        on_both_sides = sum(receive.sats for _, receive in self.held)
        assert self.world.ledger.total_sats() == 8_000 - self.fees + on_both_sides

    @invariant()
    def nothing_stays_locked_but_what_is_held(self) -> None:
        waiting = Filter(types=[TransferType.PREIMAGE_SWAP], statuses=[TransferStatus.SENDER_KEY_TWEAK_PENDING])
        assert len(self.world.ledger.pending(waiting)) == 2 * len(self.held)


Payments.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestPayments = Payments.TestCase
