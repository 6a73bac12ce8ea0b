"""The ledger through the operators' service: money is conserved, and whatever is wrong changes nothing."""

import asyncio
import uuid
from collections.abc import Callable

import pytest
from mini_wallet import Wallet, World, balances

from exporter.network.ledger import keys
from exporter.network.ledger.archive import Filter
from exporter.network.ledger.errors import Broken, Exists, Invalid, NotAllowed, NotFound, NotReady
from exporter.network.ledger.leaves import LeafStatus, TransferStatus
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.proto import spark_pb2 as pb

Spoil = Callable[[Wallet, pb.StartTransferRequest], None]


def test_a_payment_moves_leaves_to_the_receivers_keys(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(1000), Wallet(world)
        sent = alice.leaves[:2]
        transfer = await alice.send(sent, bob)
        assert transfer.row.status == TransferStatus.SENDER_KEY_TWEAKED
        assert {leaf.status for leaf in sent} == {LeafStatus.TRANSFER_LOCKED}
        await bob.claim(transfer)
        assert balances(world, alice, bob) == [1000 - 512 - 256, 512 + 256]
        for leaf in bob.leaves:
            assert leaf.signing_key == keys.public_key(bob.leaf_secrets[leaf.id])
            assert keys.add_points(leaf.signing_key, leaf.keyshare_key) == leaf.verifying_key
        (row,) = world.ledger.history(Filter(participant=bob.identity), 10, 0)
        assert row.row.status == TransferStatus.COMPLETED

    asyncio.run(check())


def other_key(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    request.transfer_package.user_signature = keys.sign(wallet.secret + 1, b"something")


def old_hash(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    request.transfer_package.hash_variant = pb.HASH_VARIANT_UNSPECIFIED


def tampered_package(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    request.transfer_package.key_tweak_package[OPERATOR_IDS[2]] += b"x"


def edit_tweaks(wallet: Wallet, request: pb.StartTransferRequest, edit: Callable[[pb.SendLeafKeyTweak], None]) -> None:
    """Change the second operator's first tweak, and seal and sign everything anew."""
    raw = []
    for number, (name, secret) in enumerate(zip(OPERATOR_IDS, wallet.world.operators.secrets, strict=True)):
        sealed = request.transfer_package.key_tweak_package[name]
        tweaks = pb.SendLeafKeyTweaks.FromString(keys.decrypt(secret, sealed))
        if number == 1:
            edit(tweaks.leaves_to_send[0])
        raw.append(tweaks.SerializeToString())
    wallet.seal(request.transfer_package, request.transfer_id, "transfer", raw)


def wrong_share(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    def edit(tweak: pb.SendLeafKeyTweak) -> None:
        tweak.secret_share_tweak.secret_share = keys.scalar_bytes(keys.random_scalar())

    edit_tweaks(wallet, request, edit)


def wrong_proof(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    def edit(tweak: pb.SendLeafKeyTweak) -> None:
        tweak.secret_share_tweak.proofs[1] = keys.public_key(3)

    edit_tweaks(wallet, request, edit)


def wrong_public_share(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    def edit(tweak: pb.SendLeafKeyTweak) -> None:
        tweak.pubkey_shares_tweak[OPERATOR_IDS[0]] = keys.public_key(3)

    edit_tweaks(wallet, request, edit)


def other_leaf(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    def edit(tweak: pb.SendLeafKeyTweak) -> None:
        tweak.leaf_id = "another"

    edit_tweaks(wallet, request, edit)


def unsigned_leaf(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    raw = []
    for name, secret in zip(OPERATOR_IDS, wallet.world.operators.secrets, strict=True):
        tweaks = pb.SendLeafKeyTweaks.FromString(keys.decrypt(secret, request.transfer_package.key_tweak_package[name]))
        tweaks.leaves_to_send[0].signature = bytes(64)
        raw.append(tweaks.SerializeToString())
    wallet.seal(request.transfer_package, request.transfer_id, "transfer", raw)


def no_refund(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    del request.transfer_package.leaves_to_send[0]


def garbled_refund(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    request.transfer_package.leaves_to_send[0].raw_tx = b"\x00garbage"


def wrong_signing_key(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    request.transfer_package.leaves_to_send[0].signing_public_key = keys.public_key(5)


def malformed_id(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    request.transfer_id = "not-a-uuid"


def no_receiver(wallet: Wallet, request: pb.StartTransferRequest) -> None:
    request.receiver_identity_public_key = b"\x05" * 33


@pytest.mark.parametrize(
    "spoil",
    [
        other_key,
        old_hash,
        tampered_package,
        wrong_share,
        wrong_proof,
        wrong_public_share,
        other_leaf,
        unsigned_leaf,
        no_refund,
        garbled_refund,
        wrong_signing_key,
        malformed_id,
        no_receiver,
    ],
)
def test_refuses_a_spoilt_transfer_and_takes_the_good_one(world: World, spoil: Spoil) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(10), Wallet(world)
        request = alice.start_request(alice.leaves, bob.identity)
        spoil(alice, request)
        with pytest.raises(Invalid):
            await world.service.start_transfer_v2(request, alice.identity)
        assert balances(world, alice, bob) == [10, 0]
        assert world.ledger.pending(Filter(participant=alice.identity)) == []
        await alice.pay(alice.leaves, bob)
        assert balances(world, alice, bob) == [0, 10]

    asyncio.run(check())


def test_a_timelock_must_fall_by_one_step(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(8), Wallet(world)
        for step in (0, 50, 200):
            request = alice.start_request(alice.leaves, bob.identity, step=step)
            with pytest.raises(Invalid, match="timelock"):
                await world.service.start_transfer_v2(request, alice.identity)

    asyncio.run(check())


def test_nobody_sends_anothers_leaf_or_one_twice(world: World) -> None:
    async def check() -> None:
        alice, bob, mallory = await Wallet(world).funded(8), Wallet(world), Wallet(world)
        mallory.leaf_secrets = alice.leaf_secrets
        with pytest.raises(NotAllowed, match="not owned by"):
            await mallory.send(alice.leaves, bob)
        request = alice.start_request(alice.leaves, bob.identity)
        with pytest.raises(NotAllowed, match="another identity"):
            await world.service.start_transfer_v2(request, mallory.identity)
        leaves = alice.leaves
        await alice.send(leaves, bob)
        with pytest.raises(NotReady, match="TRANSFER_LOCKED"):
            await alice.send(leaves, mallory)

    asyncio.run(check())


def test_a_leaf_that_was_swapped_away_is_a_foreign_one(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(8), Wallet(world)
        gone = alice.leaves
        await alice.swap(gone, [3])
        with pytest.raises(NotAllowed, match="not owned by"):
            await alice.send(gone, bob)
        await alice.pay(alice.leaves, bob)
        assert balances(world, alice, bob) == [0, 8]

    asyncio.run(check())


def test_operators_fail_for_the_receiver_that_is_made_for_it(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(8), Wallet(world)
        request = alice.start_request(alice.leaves, world.service.refusing)
        with pytest.raises(Broken):
            await world.service.start_transfer_v2(request, alice.identity)
        await alice.pay(alice.leaves, bob)
        assert balances(world, alice, bob) == [0, 8]

    asyncio.run(check())


def test_a_transfer_starts_once(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(8), Wallet(world)
        request = alice.start_request(alice.leaves, bob.identity)
        await world.service.start_transfer_v2(request, alice.identity)
        with pytest.raises(Exists):
            await world.service.start_transfer_v2(request, alice.identity)

    asyncio.run(check())


def test_only_the_receiver_claims_and_only_once(world: World) -> None:
    async def check() -> None:
        alice, bob, mallory = await Wallet(world).funded(8), Wallet(world), Wallet(world)
        transfer = await alice.send(alice.leaves, bob)
        request = bob.claim_request(transfer)
        stolen = pb.ClaimTransferRequest()
        stolen.CopyFrom(request)
        stolen.owner_identity_public_key = mallory.identity
        raw = [
            keys.decrypt(secret, request.claim_package.key_tweak_package[name])
            for name, secret in zip(OPERATOR_IDS, world.operators.secrets, strict=True)
        ]
        mallory.seal(stolen.claim_package, transfer.row.id, "claim", raw)
        with pytest.raises(NotAllowed):
            await world.service.claim_transfer(stolen, mallory.identity)
        await world.service.claim_transfer(request, bob.identity)
        with pytest.raises(Exists, match="claimed before"):
            await world.service.claim_transfer(request, bob.identity)
        with pytest.raises(NotAllowed):  # who else asks learns nothing
            await world.service.claim_transfer(stolen, mallory.identity)
        unknown = bob.claim_request(transfer)
        unknown.transfer_id = "00000000-0000-0000-0000-000000000000"
        bob.seal(unknown.claim_package, unknown.transfer_id, "claim", raw)
        with pytest.raises(NotFound):
            await world.service.claim_transfer(unknown, bob.identity)
        assert balances(world, alice, bob, mallory) == [0, 8, 0]

    asyncio.run(check())


def test_both_parties_of_a_payment_hear_of_it_and_nobody_else(world: World) -> None:
    async def check() -> None:
        alice, bob, mallory = await Wallet(world).funded(8), Wallet(world), Wallet(world)
        streams = [world.services.events.subscribe(wallet.identity) for wallet in (alice, bob, mallory)]
        for stream in streams:
            await anext(stream)
        transfer = await alice.send(alice.leaves, bob)
        sent, received = await anext(streams[0]), await anext(streams[1])
        assert sent.sender_transfer.transfer.id == transfer.row.id
        assert received.receiver_transfer.transfer.id == transfer.row.id
        world.services.events.drop_all()
        assert [await anext(stream, None) for stream in streams] == [None, None, None]

    asyncio.run(check())


def test_a_stream_begins_with_what_waits_for_its_reader(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(12), Wallet(world)
        first, second = alice.leaves
        await alice.pay([first], bob)
        transfer = await alice.send([second], bob)
        await bob.ask_swap([first], [8])
        stream = world.service.subscribe_to_events(
            pb.SubscribeToEventsRequest(identity_public_key=bob.identity), bob.identity
        )
        assert (await anext(stream)).HasField("connected")
        assert (await anext(stream)).receiver_transfer.transfer.id == transfer.row.id
        world.services.events.drop_all()
        assert await anext(stream, None) is None

    asyncio.run(check())


def test_a_spark_invoice_is_paid_once(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(12), Wallet(world)
        first, second = alice.leaves

        async def told(text: str) -> tuple[int, bytes]:
            asked = pb.QuerySparkInvoicesRequest(invoice=[text])
            answer = await world.services.spark_invoices.query_spark_invoices(asked, bob.identity)
            (status,) = answer.invoice_statuses
            assert (status.invoice, answer.offset) == (text, -1)
            return status.status, status.sats_transfer.transfer_id

        paying = alice.start_request([first], bob.identity)
        paying.spark_invoice = "an invoice"
        assert await told("an invoice") == (pb.NOT_FOUND, b"")
        await world.service.start_transfer_v2(paying, alice.identity)
        assert await told("an invoice") == (pb.FINALIZED, uuid.UUID(paying.transfer_id).bytes)
        again = alice.start_request([second], bob.identity)
        again.spark_invoice = "an invoice"
        with pytest.raises(Exists, match="pays this Spark invoice already"):
            await world.service.start_transfer_v2(again, alice.identity)
        assert second.status is LeafStatus.AVAILABLE
        again.spark_invoice = "another invoice"
        await world.service.start_transfer_v2(again, alice.identity)

    asyncio.run(check())


def test_a_spark_invoice_whose_payment_was_given_back_can_be_paid(world: World) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(8)

        async def status() -> int:
            asked = pb.QuerySparkInvoicesRequest(invoice=["an invoice"])
            answer = await world.services.spark_invoices.query_spark_invoices(asked, alice.identity)
            return answer.invoice_statuses[0].status

        for _ in range(2):
            request = (await alice.swap_request(alice.leaves)).request
            request.transfer.spark_invoice = "an invoice"
            await world.service.initiate_swap_primary_transfer(request, alice.identity)
            assert await status() == pb.PENDING
            world.ledger.give_back(request.transfer.transfer_id)
            assert await status() == pb.RETURNED

    asyncio.run(check())


def test_a_claim_must_lead_to_the_claimants_key(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(8), Wallet(world)
        transfer = await alice.send(alice.leaves, bob)
        request = bob.claim_request(transfer)
        request.claim_package.leaves_to_claim[0].signing_public_key = keys.public_key(5)
        with pytest.raises(Invalid, match="receiver's key"):
            await world.service.claim_transfer(request, bob.identity)
        await bob.claim(transfer)

    asyncio.run(check())
