"""The signing operators: what wallets ask of them over gRPC, on top of the ledger.

Three operators share one state; each has its own port, identity key and sessions. They sign what a wallet needs
whole signatures of: a leaf swap's refunds. The others they check, and don't sign, as nobody broadcasts them.
"""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from exporter.network.ledger import keys, transactions
from exporter.network.ledger.archive import Archive, Filter
from exporter.network.ledger.errors import Broken, Invalid, NotAllowed
from exporter.network.ledger.leaves import Leaf, LeafStatus, Transfer, TransferStatus, TransferType
from exporter.network.ledger.ledger import Ledger
from exporter.network.ledger.transactions import Node, Refunds
from exporter.network.parties import messages
from exporter.network.parties.events import Events
from exporter.network.parties.messages import OperatorKeys
from exporter.network.parties.signing import SharedKey, Signers
from exporter.network.proto import spark_pb2 as pb

PAGE_SIZE = 100


class SparkService:
    """The heart of `spark.SparkService`: every method takes a request and the caller's identity key."""

    def __init__(self, ledger: Ledger, archive: Archive, events: Events, operators: OperatorKeys) -> None:
        self.ledger = ledger
        self.operators = operators
        self.refusing = keys.public_key(keys.random_scalar())  # a receiver for whom every transfer fails
        self._archive = archive
        self._events = events
        self._settings: dict[bytes, pb.WalletSetting] = {}
        self.signers = Signers()

    # Transfers

    async def get_signing_commitments(
        self, request: pb.GetSigningCommitmentsRequest, caller: bytes
    ) -> pb.GetSigningCommitmentsResponse:
        count = request.count * (len(request.node_ids) or request.node_id_count)
        return pb.GetSigningCommitmentsResponse(signing_commitments=self.signers.commit(count))

    async def start_transfer_v2(self, request: pb.StartTransferRequest, caller: bytes) -> pb.StartTransferResponse:
        self.start(request, caller, TransferType.TRANSFER)
        transfer = self.ledger.settle(request.transfer_id)
        self.announce(transfer)
        return pb.StartTransferResponse(transfer=messages.transfer(self.ledger, transfer))

    async def initiate_swap_primary_transfer(
        self, request: pb.InitiateSwapPrimaryTransferRequest, caller: bytes
    ) -> pb.InitiateSwapPrimaryTransferResponse:
        results: list[pb.LeafRefundTxSigningResult] = []

        def sign() -> None:
            adaptor = request.adaptor_public_keys.adaptor_public_key
            results.extend(self._sign_refund(job, adaptor) for job in request.transfer.transfer_package.leaves_to_send)

        transfer = self.start(request.transfer, caller, TransferType.PRIMARY_SWAP_V3, confirm=sign)
        return pb.InitiateSwapPrimaryTransferResponse(
            transfer=messages.transfer(self.ledger, transfer), signing_results=results
        )

    def _sign_refund(self, job: pb.UserSignedTxSigningJob, adaptor: bytes) -> pb.LeafRefundTxSigningResult:
        leaf = self.ledger.leaf(job.leaf_id)
        result = self.signers.sign_job(SharedKey.of(leaf), leaf.sighash(job.raw_tx), job, adaptor)
        return pb.LeafRefundTxSigningResult(
            leaf_id=leaf.id, refund_tx_signing_result=result, verifying_key=leaf.verifying_key
        )

    def start(
        self,
        request: pb.StartTransferRequest,
        caller: bytes,
        kind: TransferType,
        payment_hash: bytes | None = None,
        connectors: Mapping[str, tuple[bytes, int]] | None = None,
        confirm: Callable[[], None] | None = None,
    ) -> Transfer:
        """Check a sender's package and lock its leaves, as `Ledger.send` does; the transfer is not settled yet."""
        check_own(request.owner_identity_public_key, caller)
        check_uuid(request.transfer_id)
        if request.receiver_identity_public_key == self.refusing:
            raise Broken("the operators fail for this receiver, on demand")
        sent = messages.sent_leaves(self.operators, request)
        return self.ledger.send(
            request.transfer_id,
            kind,
            caller,
            _check_point(request.receiver_identity_public_key),
            sent,
            expiry=request.expiry_time.seconds,
            spark_invoice=request.spark_invoice,
            payment_hash=payment_hash,
            connectors=connectors,
            confirm=confirm,
        )

    def announce(self, transfer: Transfer) -> None:
        """Tell the receiver that a transfer waits to be claimed, and the sender that it is on its way."""
        event = pb.TransferEvent(transfer=messages.transfer(self.ledger, transfer))
        self._events.publish(transfer.row.receiver, pb.SubscribeToEventsResponse(receiver_transfer=event))
        self._events.publish(transfer.row.sender, pb.SubscribeToEventsResponse(sender_transfer=event))

    async def claim_transfer(self, request: pb.ClaimTransferRequest, caller: bytes) -> pb.ClaimTransferResponse:
        check_own(request.owner_identity_public_key, caller)
        claimed = messages.claimed_leaves(self.operators, request)
        transfer = self.ledger.claim(request.transfer_id, caller, claimed)
        return pb.ClaimTransferResponse(transfer=messages.transfer(self.ledger, transfer))

    async def query_all_transfers(self, request: pb.TransferFilter, caller: bytes) -> pb.QueryTransfersResponse:
        wanted = messages.transfer_filter(request)
        limit = page_limit(request.limit)
        return self._page(self.ledger.history(wanted, limit, max(request.offset, 0)), request.offset, limit)

    async def query_pending_transfers(self, request: pb.TransferFilter, caller: bytes) -> pb.QueryTransfersResponse:
        wanted = messages.transfer_filter(request)
        limit, offset = page_limit(request.limit), max(request.offset, 0)
        return self._page(self.ledger.pending(wanted)[offset : offset + limit], offset, limit)

    def _page(self, transfers: Sequence[Transfer], offset: int, limit: int) -> pb.QueryTransfersResponse:
        following = max(offset, 0) + limit if len(transfers) == limit else -1
        return pb.QueryTransfersResponse(
            transfers=[messages.transfer(self.ledger, transfer) for transfer in transfers], offset=following
        )

    # Leaves

    async def query_nodes(self, request: pb.QueryNodesRequest, caller: bytes) -> pb.QueryNodesResponse:
        if request.WhichOneof("source") == "node_ids":
            nodes = self._nodes(request.node_ids.node_ids, with_parents=request.include_parents)
            return pb.QueryNodesResponse(nodes=nodes, offset=-1)
        limit, offset = page_limit(request.limit), max(request.offset, 0)
        owned = self.ledger.leaves_of(request.owner_identity_pubkey)
        leaves = [messages.tree_node(leaf) for leaf in owned]
        if request.statuses:
            leaves = [leaf for leaf in leaves if leaf.treenode_status in request.statuses]
        page = {leaf.id: leaf for leaf in leaves[offset : offset + limit]}
        if request.include_parents:
            page |= self._nodes(list(page), with_parents=True)
        return pb.QueryNodesResponse(nodes=page, offset=offset + limit if len(leaves) > offset + limit else -1)

    def _nodes(self, ids: Sequence[str], *, with_parents: bool) -> dict[str, pb.TreeNode]:
        found: dict[str, pb.TreeNode] = {}
        wanted = set(ids)
        while wanted:
            for leaf in filter(None, map(self.ledger.find_leaf, wanted)):
                found[leaf.id] = messages.tree_node(leaf)
            archived = self._archive.nodes(wanted - found.keys())
            found |= {node_id: pb.TreeNode.FromString(raw) for node_id, raw in archived}
            parents = {found[node_id].parent_node_id for node_id in wanted & found.keys()} if with_parents else set()
            wanted = parents - found.keys() - {""}
        return found

    async def query_balance(self, request: pb.QueryBalanceRequest, caller: bytes) -> pb.QueryBalanceResponse:
        leaves = self.ledger.leaves_of(request.identity_public_key)
        balances = {leaf.id: leaf.value for leaf in leaves if leaf.status is LeafStatus.AVAILABLE}
        return pb.QueryBalanceResponse(balance=sum(balances.values()), node_balances=balances)

    async def renew_leaf(self, request: pb.RenewLeafRequest, caller: bytes) -> pb.RenewLeafResponse:
        leaf = self.ledger.renewable(request.leaf_id, caller)
        match request.WhichOneof("signing_jobs"):
            case "renew_refund_timelock_signing_job":
                self._renew(leaf, request.renew_refund_timelock_signing_job)
                result = pb.RenewRefundTimelockResult(node=messages.tree_node(leaf))
                return pb.RenewLeafResponse(renew_refund_timelock_result=result)
            case "renew_node_timelock_signing_job":
                node_job = request.renew_node_timelock_signing_job
                split_node = Node(
                    node_job.split_node_tx_signing_job.raw_tx, node_job.split_node_direct_tx_signing_job.raw_tx
                )
                split = self._renew(leaf, node_job, split_node)
                renewed = pb.RenewNodeTimelockResult(split_node=split, node=messages.tree_node(leaf))
                return pb.RenewLeafResponse(renew_node_timelock_result=renewed)
            case "renew_node_zero_timelock_signing_job":
                split = self._renew(leaf, request.renew_node_zero_timelock_signing_job, leaf.node)
                zero = pb.RenewNodeZeroTimelockResult(split_node=split, node=messages.tree_node(leaf))
                return pb.RenewLeafResponse(renew_node_zero_timelock_result=zero)
            case _:
                raise Invalid("want signing jobs for the renewal")

    def _renew(
        self,
        leaf: Leaf,
        job: pb.RenewRefundTimelockSigningJob | pb.RenewNodeTimelockSigningJob | pb.RenewNodeZeroTimelockSigningJob,
        split_node: Node | None = None,
    ) -> pb.TreeNode | None:
        """Renew a leaf; with a split node, put that between the leaf and its parent and answer it."""
        node = Node(job.node_tx_signing_job.raw_tx, job.direct_node_tx_signing_job.raw_tx)
        direct = b""  # a node without timelock has none
        if not isinstance(job, pb.RenewNodeZeroTimelockSigningJob):
            direct = job.direct_refund_tx_signing_job.raw_tx
        refunds = Refunds(job.refund_tx_signing_job.raw_tx, direct, job.direct_from_cpfp_refund_tx_signing_job.raw_tx)
        self._check_chain(leaf, node, split_node)
        split = None
        if split_node is not None:
            split = replace(
                leaf, id=str(uuid.uuid4()), node=split_node, refunds=Refunds(b""), status=LeafStatus.SPLITTED
            )
        self.ledger.renew(leaf, node, refunds, split)
        if split is None:
            return None
        message = messages.tree_node(split)
        self._archive.put_node(split.id, split.tree_id, message.SerializeToString())
        return message

    @staticmethod
    def _check_chain(leaf: Leaf, node: Node, split_node: Node | None) -> None:
        """Check that the new node spends what it should, and all of it."""
        try:
            new, old = transactions.parse(node.cpfp), transactions.parse(leaf.node.cpfp)
            above = transactions.parse(split_node.cpfp) if split_node else None
        except ValueError as error:
            raise Invalid(f"a node transaction is {error}") from error
        spent = above.txid if above else old.spent_txid
        if new.others or new.spent_txid != spent or new.value != leaf.value or new.script != old.script:
            raise Invalid(f"the new node of leaf {leaf.id} does not spend its parent to the same key and value")
        if above and above.txid != old.txid and above.spent_txid != old.spent_txid:
            raise Invalid(f"the split node of leaf {leaf.id} does not spend the leaf's parent")

    # Events, settings, directory

    async def subscribe_to_events(
        self, request: pb.SubscribeToEventsRequest, caller: bytes
    ) -> AsyncIterator[pb.SubscribeToEventsResponse]:
        check_own(request.identity_public_key, caller)
        async for message in self._events.subscribe(caller, lambda: self._waiting_for(caller)):
            yield message

    def _waiting_for(self, receiver: bytes) -> Iterator[pb.SubscribeToEventsResponse]:
        """The transfers that a receiver can claim. The second half of a swap is claimed by whoever has begun it."""
        wanted = Filter(participant=receiver, as_sender=False, statuses=[TransferStatus.SENDER_KEY_TWEAKED])
        for transfer in self.ledger.pending(wanted):
            if transfer.row.type != TransferType.COUNTER_SWAP_V3:
                event = pb.TransferEvent(transfer=messages.transfer(self.ledger, transfer))
                yield pb.SubscribeToEventsResponse(receiver_transfer=event)

    async def query_wallet_setting(
        self, request: pb.QueryWalletSettingRequest, caller: bytes
    ) -> pb.QueryWalletSettingResponse:
        setting = self._settings.get(caller, pb.WalletSetting(owner_identity_public_key=caller))
        return pb.QueryWalletSettingResponse(wallet_setting=setting)

    async def update_wallet_setting(
        self, request: pb.UpdateWalletSettingRequest, caller: bytes
    ) -> pb.UpdateWalletSettingResponse:
        setting = pb.WalletSetting(owner_identity_public_key=caller)
        setting.MergeFrom(self._settings.get(caller, setting))
        if request.HasField("private_enabled"):
            setting.private_enabled = request.private_enabled
        match request.WhichOneof("master_identity_public_key"):
            case "set_master_identity_public_key":
                setting.master_identity_public_key = request.set_master_identity_public_key
            case "clear_master_identity_public_key":
                setting.ClearField("master_identity_public_key")
        self._settings[caller] = setting
        return pb.UpdateWalletSettingResponse(wallet_setting=setting)


def check_own(identity: bytes, caller: bytes) -> None:
    """Check that a request is about its caller; raises NotAllowed."""
    if identity != caller:
        raise NotAllowed("the request speaks for another identity than the session's")


def check_uuid(text: str, of: str = "transfer") -> None:
    """Check the id of a transfer, or of something else; raises Invalid."""
    try:
        uuid.UUID(text)
    except ValueError as error:
        raise Invalid(f"{of} id {text!r} is no UUID") from error


def page_limit(asked: int) -> int:
    """How many entries a page has for a request's ``limit``, which may name none."""
    return min(asked, PAGE_SIZE) if asked > 0 else PAGE_SIZE


def _check_point(point: bytes) -> bytes:
    try:
        return keys.add_points(point)
    except ValueError as error:
        raise Invalid("the receiver's identity key is no public key") from error
