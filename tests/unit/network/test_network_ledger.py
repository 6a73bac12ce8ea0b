"""The ledger through the operators' service: money is conserved, and whatever is wrong changes nothing."""

import asyncio
import uuid
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from mini_wallet import Wallet, World

from exporter.network.ledger import keys, transactions
from exporter.network.ledger.archive import Filter
from exporter.network.ledger.errors import Broken, Exists, Invalid, NotAllowed, NotFound, NotReady, Refused
from exporter.network.ledger.leaves import Leaf, LeafStatus, TransferStatus
from exporter.network.parties.lightning import UNASKED_SECONDS
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.proto import spark_pb2 as pb

Spoil = Callable[[Wallet, pb.StartTransferRequest], None]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def balances(world: World, *wallets: Wallet) -> list[int]:
    assert world.ledger.total_sats() == world.ledger.issued_sats - world.ledger.redeemed_sats
    return [world.ledger.balance(wallet.identity) for wallet in wallets]


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
        with pytest.raises(NotAllowed, match="not the sender's"):
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
        with pytest.raises(NotAllowed, match="not the sender's"):
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
            answer = await world.service.query_spark_invoices(asked, bob.identity)
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
            answer = await world.service.query_spark_invoices(asked, alice.identity)
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


def test_a_swap_that_nobody_finishes_goes_back_to_its_sender(world: World) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(96)
        transfer_id, signed = await alice.start_swap(alice.leaves)
        swap = world.provider.swap(alice.identity, transfer_id, 96, [50], signed)
        claim = alice.claim_request(swap.inbound)
        again = world.provider.swap(alice.identity, transfer_id, 96, [50], signed)
        assert again.inbound is swap.inbound  # a lost answer costs nothing
        with pytest.raises(Exists):
            world.provider.swap(alice.identity, transfer_id, 96, [51], signed)
        world.services.give_back_stale()
        assert {leaf.status for leaf in alice.leaves} == {LeafStatus.TRANSFER_LOCKED}
        world.passed += UNASKED_SECONDS + 1
        world.services.give_back_stale()
        assert [(leaf.value, leaf.status) for leaf in alice.leaves] == [
            (64, LeafStatus.AVAILABLE),
            (32, LeafStatus.AVAILABLE),
        ]
        with pytest.raises(NotReady, match="over"):
            await world.service.claim_transfer(claim, alice.identity)
        assert balances(world, alice) == [96]
        assert world.ledger.total_sats() == 96

    asyncio.run(check())


def test_a_swap_that_is_finished_stays(world: World) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(96)
        await alice.swap(alice.leaves, [50])
        world.passed += UNASKED_SECONDS + 1
        world.services.give_back_stale()
        assert sorted(leaf.value for leaf in alice.leaves) == [2, 4, 8, 32, 50]
        assert world.ledger.total_sats() == 96

    asyncio.run(check())


def test_a_transfer_given_back_leaves_all_as_before(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(8), Wallet(world)
        (leaf,) = alice.leaves
        before = (leaf.shares, leaf.refunds, leaf.signing_key)
        transfer_id, _ = await alice.start_swap([leaf])
        assert leaf.status is LeafStatus.TRANSFER_LOCKED
        world.ledger.give_back(transfer_id)
        assert (leaf.shares, leaf.refunds, leaf.signing_key) == before
        await alice.pay([leaf], bob)
        assert balances(world, alice, bob) == [0, 8]

    asyncio.run(check())


@pytest.mark.parametrize(("total", "targets"), [(15, [16]), (16, []), (16, [17]), (16, [0, 4]), (16, [-1])])
def test_a_swap_must_add_up(world: World, total: int, targets: list[int]) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(16)
        transfer_id, signed = await alice.start_swap(alice.leaves)
        with pytest.raises(Invalid, match="do not fit"):
            world.provider.swap(alice.identity, transfer_id, total, targets, signed)
        with pytest.raises(NotAllowed):
            world.provider.swap(Wallet(world).identity, transfer_id, 16, [16], signed)
        swap = world.provider.swap(alice.identity, transfer_id, 16, [5], signed)
        await alice.claim(swap.inbound)
        assert sorted(leaf.value for leaf in alice.leaves) == [1, 2, 5, 8]
        with pytest.raises(Refused):
            world.provider.swap(alice.identity, transfer_id, 16, [5], signed)

    asyncio.run(check())


def renewal(leaf: Leaf, secret: int, kind: str) -> pb.RenewLeafRequest:
    """The three renewals, as wallets build them."""
    script, value = keys.taproot_script(leaf.verifying_key), leaf.value
    old = transactions.parse(leaf.node.cpfp)
    split = transactions.node(old.spent_txid, 0, value, script, 0)
    job = pb.UserSignedTxSigningJob
    match kind:
        case "refund":
            node = transactions.node(old.spent_txid, 0, value, script, old.timelock - 100)
        case "node":
            node = transactions.node(transactions.parse(split.cpfp).txid, 0, value, script, 2000)
        case _:
            node = transactions.node(old.txid, 0, value, script, 0)
    refunds = transactions.refunds(node, value, keys.taproot_script(keys.public_key(secret)))
    common = {
        "node_tx_signing_job": job(raw_tx=node.cpfp),
        "direct_node_tx_signing_job": job(raw_tx=node.direct),
        "refund_tx_signing_job": job(raw_tx=refunds.cpfp),
        "direct_from_cpfp_refund_tx_signing_job": job(raw_tx=refunds.direct_from_cpfp),
    }
    direct = {"direct_refund_tx_signing_job": job(raw_tx=refunds.direct)}
    request = pb.RenewLeafRequest(leaf_id=leaf.id)
    if kind == "refund":
        request.renew_refund_timelock_signing_job.CopyFrom(pb.RenewRefundTimelockSigningJob(**common, **direct))
    elif kind == "node":
        request.renew_node_timelock_signing_job.CopyFrom(
            pb.RenewNodeTimelockSigningJob(
                split_node_tx_signing_job=job(raw_tx=split.cpfp),
                split_node_direct_tx_signing_job=job(raw_tx=split.direct),
                **common,
                **direct,
            )
        )
    else:
        request.renew_node_zero_timelock_signing_job.CopyFrom(pb.RenewNodeZeroTimelockSigningJob(**common))
    return request


@pytest.mark.parametrize("kind", ["refund", "node", "zero"])
def test_a_worn_leaf_is_renewed_and_a_fresh_one_is_not(world: World, kind: str) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(8), Wallet(world)
        (leaf,) = alice.leaves
        with pytest.raises(NotReady, match="too early"):
            await world.service.renew_leaf(renewal(leaf, alice.leaf_secrets[leaf.id], kind), alice.identity)
        here, there = alice, bob
        for _ in range(17):
            await here.pay([leaf], there)
            here, there = there, here
        parent = leaf.parent_id
        with pytest.raises(NotAllowed):
            await world.service.renew_leaf(renewal(leaf, 1, kind), there.identity)
        with pytest.raises(Invalid, match="does not pay"):
            await world.service.renew_leaf(renewal(leaf, 1, kind), here.identity)
        answer = await world.service.renew_leaf(renewal(leaf, here.leaf_secrets[leaf.id], kind), here.identity)
        assert transactions.parse(leaf.refunds.cpfp).timelock == transactions.INITIAL_TIMELOCK
        if kind == "refund":
            assert leaf.parent_id == parent
        else:
            result = getattr(answer, answer.WhichOneof("renew_result") or "")
            assert leaf.parent_id == result.split_node.id
            query = pb.QueryNodesRequest(node_ids=pb.TreeNodeIds(node_ids=[leaf.id]), include_parents=True)
            nodes = (await world.service.query_nodes(query, here.identity)).nodes
            assert set(nodes) == {leaf.id, leaf.parent_id, parent}
        await here.pay([leaf], there)
        assert sum(balances(world, alice, bob)) == 8

    asyncio.run(check())


def test_a_transfer_of_a_leaf_renewed_meanwhile_is_refused_as_stale(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(8), Wallet(world)
        (leaf,) = alice.leaves
        here, there = alice, bob
        for _ in range(17):
            await here.pay([leaf], there)
            here, there = there, here
        stale = here.start_request([leaf], there.identity)
        await world.service.renew_leaf(renewal(leaf, here.leaf_secrets[leaf.id], "node"), here.identity)
        with pytest.raises(NotAllowed, match="does not spend its node"):
            await world.service.start_transfer_v2(stale, here.identity)
        await here.pay([leaf], there)
        assert sum(balances(world, alice, bob)) == 8

    asyncio.run(check())


class Payments(RuleBasedStateMachine):
    """Any order of funding, payments, swaps and returns conserves the money of every wallet."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.wallets = [Wallet(self.world) for _ in range(3)]
        self.expected = [0, 0, 0]

    def teardown(self) -> None:
        self.world.close()

    @rule(to=st.integers(0, 2), sats=st.integers(1, 50_000))
    def fund(self, to: int, sats: int) -> None:
        asyncio.run(self.wallets[to].funded(sats))
        self.expected[to] += sats

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data(), to=st.integers(0, 2))
    def pay(self, data: st.DataObject, to: int) -> None:
        source, leaves = self._some_leaves(data)
        asyncio.run(self.wallets[source].pay(leaves, self.wallets[to]))
        sats = sum(leaf.value for leaf in leaves)
        self.expected[source] -= sats
        self.expected[to] += sats

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data())
    def swap(self, data: st.DataObject) -> None:
        source, leaves = self._some_leaves(data)
        total = sum(leaf.value for leaf in leaves)
        target = data.draw(st.integers(1, total))
        asyncio.run(self.wallets[source].swap(leaves, [target]))

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data())
    def abandon_swap(self, data: st.DataObject) -> None:
        source, leaves = self._some_leaves(data)
        asyncio.run(self.wallets[source].ask_swap(leaves, [1]))
        self.money_is_conserved()
        self.world.passed += UNASKED_SECONDS + 1
        self.world.services.give_back_stale()
        assert {leaf.status for leaf in leaves} == {LeafStatus.AVAILABLE}
        assert self.world.ledger.total_sats() == sum(self.expected)

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        source, leaves = self._some_leaves(data)
        transfer_id, _ = asyncio.run(self.wallets[source].start_swap(leaves))
        self.world.ledger.give_back(transfer_id)

    def _some_leaves(self, data: st.DataObject) -> tuple[int, list[Leaf]]:
        rich = [number for number, sats in enumerate(self.expected) if sats]
        source = data.draw(st.sampled_from(rich))
        # A leaf can be sent while its refund timelock can still fall.
        fresh = [leaf for leaf in self.wallets[source].leaves if transactions.parse(leaf.refunds.cpfp).timelock > 100]
        return source, data.draw(
            st.lists(st.sampled_from(fresh), min_size=1, max_size=4, unique_by=lambda leaf: leaf.id)
        )

    @invariant()
    def money_is_conserved(self) -> None:
        assert balances(self.world, *self.wallets) == self.expected


Payments.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
TestPayments = Payments.TestCase
