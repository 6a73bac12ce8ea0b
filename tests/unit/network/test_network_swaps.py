"""Swaps of leaves with the provider: to the satoshi, and back where nobody finishes them."""

import asyncio

import pytest
from mini_wallet import Wallet, World, balances

from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotReady, Refused
from exporter.network.ledger.leaves import LeafStatus
from exporter.network.parties.lightning import UNASKED_SECONDS


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
