"""The operators sign a swap's refunds, once, for who signed before them; nonces never sign twice."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from mini_wallet import SwapRequest, Wallet, World

from exporter.network.ledger import keys
from exporter.network.ledger.errors import Invalid
from exporter.network.ledger.leaves import LeafStatus
from exporter.network.parties import signing
from exporter.network.parties.signing import MAX_COMMITMENTS, Signers
from exporter.network.proto import spark_pb2 as pb


def job_of(swap: SwapRequest) -> pb.UserSignedTxSigningJob:
    return swap.request.transfer.transfer_package.leaves_to_send[0]


def foreign_share(swap: SwapRequest) -> None:
    job_of(swap).user_signature = keys.scalar_bytes(5)


def no_commitments(swap: SwapRequest) -> None:
    job_of(swap).ClearField("signing_commitments")


def other_commitments(swap: SwapRequest) -> None:
    for commitment in job_of(swap).signing_commitments.signing_commitments.values():
        commitment.binding = keys.public_key(5)


def no_own_commitment(swap: SwapRequest) -> None:
    job_of(swap).ClearField("signing_nonce_commitment")


def other_adaptor(swap: SwapRequest) -> None:
    swap.request.adaptor_public_keys.adaptor_public_key = keys.public_key(5)


@pytest.mark.parametrize("spoil", [foreign_share, no_commitments, other_commitments, no_own_commitment, other_adaptor])
def test_what_is_wrongly_signed_is_refused_and_locks_nothing(
    world: World, spoil: Callable[[SwapRequest], None]
) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(8)
        swap = await alice.swap_request(alice.leaves)
        spoil(swap)
        with pytest.raises(Invalid):
            await world.service.initiate_swap_primary_transfer(swap.request, alice.identity)
        assert alice.leaves[0].status is LeafStatus.AVAILABLE
        await alice.swap(alice.leaves, [5])

    asyncio.run(check())


def test_nonces_sign_once(world: World) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(8)
        swap = await alice.swap_request(alice.leaves)
        await world.service.initiate_swap_primary_transfer(swap.request, alice.identity)
        world.ledger.give_back(swap.request.transfer.transfer_id)
        again = await alice.swap_request(alice.leaves)
        job_of(again).signing_commitments.CopyFrom(job_of(swap).signing_commitments)
        with pytest.raises(Invalid, match="signed before"):
            await world.service.initiate_swap_primary_transfer(again.request, alice.identity)

    asyncio.run(check())


def test_a_swap_whose_refund_is_not_signed_for_the_provider_is_refused(world: World) -> None:
    async def check() -> None:
        alice = await Wallet(world).funded(8)
        transfer_id, signed = await alice.start_swap(alice.leaves)
        for wrong in (replace(signed, by_leaf={}), replace(signed, adaptor=keys.public_key(5))):
            with pytest.raises(Invalid, match="not signed"):
                world.provider.swap(alice.identity, transfer_id, 8, [8], wrong)
        await alice.claim(world.provider.swap(alice.identity, transfer_id, 8, [8], signed).inbound)

    asyncio.run(check())


def test_commitments_are_handed_out_again_only_when_many_others_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "KEPT", 4)
    signers = Signers()
    first, second = signers.commit(2), signers.commit(6)
    given = [each.SerializeToString(deterministic=True) for each in (*first, *second)]
    assert len(set(given[2:])) == 6  # of one request, no two are the same
    assert {len(each.signing_nonce_commitments) for each in first} == {keys.THRESHOLD}
    assert set(given[:2]) <= {each.SerializeToString(deterministic=True) for each in signers.commit(8)}
    with pytest.raises(Invalid, match="between 1 and"):
        signers.commit(MAX_COMMITMENTS + 1)
