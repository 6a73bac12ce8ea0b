"""Withdrawals: leaves for a payment on the chain, exact to the satoshi, and bound to it."""

import asyncio
import uuid
from collections.abc import Callable

import pytest
from mini_wallet import Wallet, World

from exporter.network.ledger import addresses, keys
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound, NotReady, Refused
from exporter.network.ledger.leaves import LeafStatus, TransferType
from exporter.network.ledger.user_requests import ExitStatus, Withdrawal
from exporter.network.parties.lightning import UNASKED_SECONDS
from exporter.network.parties.withdrawals import ExitService, ExitWish, fee
from exporter.network.proto import spark_pb2 as pb

ADDRESS = addresses.taproot_address(keys.taproot_script(keys.public_key(7)))


def ask(wallet: Wallet, address: str = ADDRESS, *, fee_leaves: int = 0, speed: str = "FAST") -> Withdrawal:
    """Withdraw all that a wallet has; the last leaves are for the fee."""
    leaf_ids = [leaf.id for leaf in wallet.leaves]
    at = len(leaf_ids) - fee_leaves
    wish = ExitWish(leaf_ids[:at], leaf_ids[at:], address, speed, str(uuid.uuid4()))
    return wallet.world.services.withdrawals.request(wallet.identity, wish)


async def give_up(wallet: Wallet, withdrawal: Withdrawal) -> None:
    await ExitService(wallet.world.service).cooperative_exit_v2(wallet.exit_request(withdrawal), wallet.identity)


def complete(wallet: Wallet, withdrawal: Withdrawal) -> Withdrawal:
    assert withdrawal.transfer_id is not None
    return wallet.world.services.withdrawals.complete(wallet.identity, withdrawal.transfer_id)


def on_chain(world: World) -> list[int]:
    return [output.sats for output in world.services.chain.paid_to([ADDRESS], unspent_only=True)]


def test_a_withdrawal_pays_the_leaves_less_the_fee(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(5_000), await Wallet(world).funded(8)
        withdrawal = ask(alice)
        await give_up(alice, withdrawal)
        assert on_chain(world) == []
        assert {leaf.status for leaf in alice.leaves} == {LeafStatus.TRANSFER_LOCKED}
        done = complete(alice, withdrawal)
        assert (done.status, done.sats) == (ExitStatus.SUCCEEDED, 5_000 - fee("FAST"))
        assert on_chain(world) == [5_000 - fee("FAST")]
        assert complete(alice, withdrawal) == done  # a lost answer costs nothing
        assert on_chain(world) == [5_000 - fee("FAST")]
        assert (alice.leaves, world.ledger.total_sats()) == ([], 8)
        assert world.ledger.issued_sats - world.ledger.redeemed_sats == 8
        with pytest.raises(NotFound):
            world.services.withdrawals.complete(bob.identity, withdrawal.transfer_id or "")

    asyncio.run(check())


def test_the_fee_may_come_from_leaves_of_its_own(world: World) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(4_096)
        await alice.swap(alice.leaves, [4_096 - fee("SLOW"), fee("SLOW")])
        withdrawal = ask(alice, fee_leaves=1, speed="SLOW")
        with pytest.raises(Invalid, match="fee"):
            ask(alice, fee_leaves=1, speed="FAST")
        await give_up(alice, withdrawal)
        complete(alice, withdrawal)
        assert on_chain(world) == [4_096 - fee("SLOW")]
        assert world.ledger.total_sats() == 0

    asyncio.run(check())


def test_what_is_not_completed_goes_back(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(4_096), Wallet(world)
        withdrawal = ask(alice)
        await give_up(alice, withdrawal)
        world.passed += UNASKED_SECONDS + 1
        world.services.give_back_stale()
        with pytest.raises(NotReady):
            complete(alice, withdrawal)
        assert on_chain(world) == []
        await alice.pay(alice.leaves, bob)
        assert world.ledger.balance(bob.identity) == world.ledger.total_sats() == 4_096

    asyncio.run(check())


def other_exit(request: pb.CooperativeExitRequest) -> None:
    request.exit_txid = bytes(32)


def no_transaction(request: pb.CooperativeExitRequest) -> None:
    request.connector_tx = b"x"


def no_connector(request: pb.CooperativeExitRequest) -> None:
    job = request.transfer.transfer_package.leaves_to_send[0]
    job.raw_tx = job.raw_tx[:4] + b"\1" + job.raw_tx[5:46] + job.raw_tx[87:]


def same_connector(request: pb.CooperativeExitRequest) -> None:
    first, second = request.transfer.transfer_package.leaves_to_send
    second.raw_tx = second.raw_tx[:46] + first.raw_tx[46:87] + second.raw_tx[87:]


@pytest.mark.parametrize("spoil", [other_exit, no_transaction, no_connector, same_connector])
def test_refunds_that_are_not_bound_to_the_payment_are_refused(
    world: World, spoil: Callable[[pb.CooperativeExitRequest], None]
) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(4_096 + 1_024)
        request = alice.exit_request(ask(alice))
        spoil(request)
        with pytest.raises(Invalid):
            await ExitService(world.service).cooperative_exit_v2(request, alice.identity)
        assert {leaf.status for leaf in alice.leaves} == {LeafStatus.AVAILABLE}

    asyncio.run(check())


def test_a_plain_transfer_completes_nothing(world: World) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(4_096)
        withdrawal = ask(alice)
        started = alice.start_request(alice.leaves, world.provider.identity, transfer_id=withdrawal.transfer_id)
        world.service.start(started, alice.identity, TransferType.PRIMARY_SWAP_V3)
        with pytest.raises(Invalid, match="not of the leaves"):
            complete(alice, withdrawal)
        assert on_chain(world) == []

    asyncio.run(check())


def test_what_can_not_be_withdrawn_is_refused(world: World) -> None:
    async def check() -> None:
        alice, bob = await Wallet(world).funded(64), await Wallet(world).funded(4_096)
        with pytest.raises(Invalid, match="don't pay the fee"):
            ask(alice)
        for address, speed in (("nowhere", "FAST"), (ADDRESS, "WARP")):
            with pytest.raises(Invalid):
                ask(bob, address, speed=speed)
        leaf_ids = [leaf.id for leaf in bob.leaves]
        request = world.services.withdrawals.request
        with pytest.raises(NotAllowed):
            request(alice.identity, ExitWish(leaf_ids, (), ADDRESS, "FAST", str(uuid.uuid4())))
        for listed in ([], leaf_ids * 2):
            with pytest.raises(Invalid, match="at least one leaf"):
                request(bob.identity, ExitWish(listed, (), ADDRESS, "FAST", str(uuid.uuid4())))
        with pytest.raises(Invalid, match="UUID"):
            request(bob.identity, ExitWish(leaf_ids, (), ADDRESS, "FAST", ""))
        made = ask(bob)
        with pytest.raises(Exists):
            request(bob.identity, ExitWish(leaf_ids, (), ADDRESS, "FAST", made.transfer_id or ""))
        with pytest.raises(Refused):
            complete(bob, made)

    asyncio.run(check())
