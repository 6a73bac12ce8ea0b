"""Renewals of leaves whose timelocks are worn."""

import asyncio

import pytest
from mini_wallet import Wallet, World, balances

from exporter.network.ledger import keys, transactions
from exporter.network.ledger.errors import Invalid, NotAllowed, NotReady
from exporter.network.ledger.leaves import Leaf
from exporter.network.proto import spark_pb2 as pb


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
