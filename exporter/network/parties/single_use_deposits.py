"""Deposit addresses for single use: the deposit itself becomes a leaf of its owner's, without the provider.

The owner signs for the transactions of the leaf, which spend the deposit; the operators check them.
"""

import uuid
from collections import defaultdict

from exporter.network.ledger import keys, transactions
from exporter.network.ledger.chain import Chain, Output
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound, NotReady
from exporter.network.ledger.leaves import Leaf, LeafStatus
from exporter.network.ledger.ledger import Ledger
from exporter.network.ledger.transactions import Node, Refunds, Spend
from exporter.network.parties import messages
from exporter.network.parties.deposit_addresses import DepositAddress, check_request, make_address
from exporter.network.parties.events import Events
from exporter.network.parties.messages import OperatorKeys
from exporter.network.parties.operators import check_own, check_uuid, page_limit
from exporter.network.parties.signing import SharedKey, Signers
from exporter.network.proto import spark_pb2 as pb
from exporter.settings.network import CONFIRMATIONS


class SingleUseDeposits:
    """The part of `spark.SparkService` that is about addresses for single use.

    Args:
        chain: where deposits come in.
        ledger: what gets their leaves.
        operators: who signs for an address.
        signers: whose commitments the owner signs with.
        events: where wallets listen.
        confirmations: from how many on a deposit is mature.
    """

    def __init__(
        self,
        chain: Chain,
        ledger: Ledger,
        operators: OperatorKeys,
        signers: Signers,
        events: Events,
        confirmations: int = CONFIRMATIONS,
    ) -> None:
        self._chain = chain
        self._ledger = ledger
        self._operators = operators
        self._signers = signers
        self._events = events
        self._confirmations = confirmations
        self._unused: dict[str, DepositAddress] = {}  # by their text
        self._of_identity: defaultdict[bytes, dict[str, DepositAddress]] = defaultdict(dict)  # by their leaf's id

    async def generate_deposit_address(
        self, request: pb.GenerateDepositAddressRequest, caller: bytes
    ) -> pb.GenerateDepositAddressResponse:
        check_own(request.identity_public_key, caller)
        check_request(request)
        check_uuid(request.leaf_id, "leaf")
        if request.is_static:
            raise Invalid("want an address for single use: static ones have a method of their own")
        own = self._of_identity[caller]
        address = own.get(request.leaf_id)
        if address is None:
            address = make_address(self._operators, caller, request.signing_public_key, request.leaf_id)
            own[request.leaf_id] = self._unused[address.text] = address
        elif address.signing_key != request.signing_public_key:
            raise Exists(f"leaf {request.leaf_id} has an address for another key")
        return pb.GenerateDepositAddressResponse(deposit_address=address.message)

    async def query_unused_deposit_addresses(
        self, request: pb.QueryUnusedDepositAddressesRequest, caller: bytes
    ) -> pb.QueryUnusedDepositAddressesResponse:
        limit, start = page_limit(request.limit), max(request.offset, 0)
        found = list(self._of_identity.get(request.identity_public_key, {}).values())
        page = [address.query_result for address in found[start : start + limit]]
        following = start + limit if len(found) > start + limit else -1
        return pb.QueryUnusedDepositAddressesResponse(deposit_addresses=page, offset=following)

    async def finalize_deposit_tree_creation(
        self, request: pb.FinalizeDepositTreeCreationRequest, caller: bytes
    ) -> pb.FinalizeDepositTreeCreationResponse:
        check_own(request.identity_public_key, caller)
        root_job, refund_job = request.root_tx_signing_job, request.refund_tx_signing_job
        direct_job = request.direct_from_cpfp_refund_tx_signing_job
        try:
            root = transactions.parse(root_job.raw_tx)
        except ValueError as error:
            raise Invalid(f"the root is {error}") from error
        output, address = self._find(root, caller)
        leaf = self._leaf(output, address, root_job.raw_tx, Refunds(refund_job.raw_tx, b"", direct_job.raw_tx))
        _check_root(root, leaf)
        leaf.check_refund(leaf.refunds, transactions.INITIAL_TIMELOCK, keys.taproot_script(address.signing_key))
        # What spends the deposit is signed for as what spends the root: both pay all of it to one key.
        for job in (root_job, refund_job, direct_job):
            self._signers.check_job(SharedKey.of(leaf), leaf.sighash(job.raw_tx), job)
        self._ledger.admit(leaf)
        self._chain.spend(output)
        del self._unused[address.text], self._of_identity[caller][leaf.id]
        node = messages.tree_node(leaf)
        self._events.publish(caller, pb.SubscribeToEventsResponse(deposit=pb.DepositEvent(deposit=node)))
        return pb.FinalizeDepositTreeCreationResponse(root_node=node)

    def _find(self, root: Spend, caller: bytes) -> tuple[Output, DepositAddress]:
        """The deposit that a root spends; raises NotFound, NotAllowed or NotReady."""
        txid, vout = root.spent_txid[::-1].hex(), root.spent_vout
        output = self._chain.output(txid, vout)
        if output.spent:
            raise NotReady(f"output {vout} of transaction {txid} was claimed before")
        address = self._unused.get(output.address)
        if address is None:
            raise NotFound(f"output {vout} of transaction {txid} is no deposit to an address for single use")
        if address.identity != caller:
            raise NotAllowed("the deposit is not the caller's")
        if self._chain.confirmations(output) < self._confirmations:
            raise NotReady(f"transaction {txid} has too few confirmations")
        return output, address

    def _leaf(self, output: Output, address: DepositAddress, root: bytes, refunds: Refunds) -> Leaf:
        assert address.leaf_id is not None
        now = self._ledger.now()
        return Leaf(
            id=address.leaf_id,
            tree_id=str(uuid.uuid4()),
            parent_id=None,
            value=output.sats,
            owner=address.identity,
            verifying_key=address.verifying_key,
            shares=address.shares,
            node=Node(root),
            refunds=refunds,
            status=LeafStatus.AVAILABLE,
            created=now,
            updated=now,
        )


def _check_root(root: Spend, leaf: Leaf) -> None:
    if root.others:
        raise Invalid("the root spends more than one deposit: want a leaf for each")
    script = keys.taproot_script(leaf.verifying_key)
    if (root.value, root.script, root.timelock) != (leaf.value, script, 0):
        raise Invalid("the root does not pay all of the deposit, at once, to the key of its address")
