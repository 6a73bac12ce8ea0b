"""Preimages in shares, and locks on them: what is spoilt is refused, and changes nothing."""

import asyncio
import hashlib
from collections.abc import Callable

import pytest
from mini_wallet import Wallet, World, locks, status

from exporter.network.ledger import keys
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound
from exporter.network.ledger.leaves import Leaf, LeafStatus
from exporter.network.parties.lightning import InvoiceWish
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.proto import spark_pb2 as pb

WAITING = pb.PREIMAGE_REQUEST_STATUS_WAITING_FOR_PREIMAGE
SHARED = pb.PREIMAGE_REQUEST_STATUS_PREIMAGE_SHARED
RETURNED = pb.PREIMAGE_REQUEST_STATUS_RETURNED


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
