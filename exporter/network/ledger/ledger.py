"""Leaves, transfers and owners: the money of the local network, free of gRPC and HTTP.

Every operation either happens whole or raises a `Refused` and changes nothing. Money is conserved: what
was issued less what was redeemed equals the sum of all leaves, at all times.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from exporter.network.ledger import keys, transactions
from exporter.network.ledger.archive import Filter
from exporter.network.ledger.books import Books
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotReady
from exporter.network.ledger.leaves import (
    ClaimedLeaf,
    Leaf,
    LeafStatus,
    SentLeaf,
    Transfer,
    TransferStatus,
    TransferType,
)
from exporter.network.ledger.transactions import Node, Refunds


class Ledger(Books):
    """The operators' common state. Not thread-safe: one event loop owns it."""

    # Sending

    def issue(
        self,
        transfer_id: str,
        kind: TransferType,
        sender: bytes,
        receiver: bytes,
        leaves: Sequence[tuple[Leaf, SentLeaf]],
        *,
        expiry: float = 0.0,
        answers: str | None = None,
        settled: bool = True,
    ) -> Transfer:
        """Bring new leaves into being, already on their way to a receiver; `settle` or `retract` those not settled.

        With a transfer that they answer, the two are a swap: when the new leaves are claimed, the others are
        redeemed; when the others are given back, the new ones are redeemed.

        Raises:
            Exists: there is such a transfer.
            NotFound, NotReady: there is no transfer that they could answer, or it is settled or over.
            Invalid: no leaves, or one without value.
        """
        self._check_new(transfer_id)
        if answers is not None:
            self._in_state(answers, TransferStatus.SENDER_KEY_TWEAK_PENDING)
        if not leaves or any(leaf.value <= 0 for leaf, _ in leaves):
            raise Invalid("want leaves with a value above 0")
        for leaf, _ in leaves:
            leaf.status = LeafStatus.TRANSFER_LOCKED
            self._leaves[leaf.id] = leaf
            self._own(leaf, sender)
            self.issued_sats += leaf.value
        sent = [part for _, part in leaves]
        if answers is not None:
            self._counters[answers] = transfer_id
        status = TransferStatus.SENDER_KEY_TWEAKED if settled else TransferStatus.SENDER_KEY_TWEAK_PENDING
        return self._add(transfer_id, kind, status, sender, receiver, sent, expiry, "")

    def admit(self, leaf: Leaf) -> None:
        """Take in a leaf whose money its owner has paid on the chain; raises Exists if there is one with its id."""
        if leaf.id in self._leaves:
            raise Exists(f"there is a leaf {leaf.id} already")
        self._leaves[leaf.id] = leaf
        self._own(leaf, leaf.owner)
        self.issued_sats += leaf.value

    def send(
        self,
        transfer_id: str,
        kind: TransferType,
        sender: bytes,
        receiver: bytes,
        sent: Sequence[SentLeaf],
        *,
        expiry: float = 0.0,
        spark_invoice: str = "",
        payment_hash: bytes | None = None,
        connectors: Mapping[str, tuple[bytes, int]] | None = None,
        confirm: Callable[[], None] | None = None,
    ) -> Transfer:
        """Lock leaves for a receiver; `settle` makes the transfer final, `give_back` undoes it.

        With a payment hash the refunds must lock the money to its preimage; with connectors, by leaf, they must spend
        these outputs too, and are worth nothing before those are on the chain. ``confirm`` is called when all is
        checked and nothing changed yet: it may refuse the transfer.

        Raises:
            Exists: there is such a transfer, or one that pays the same Spark invoice and was not given back.
            NotAllowed: a leaf is not the sender's, or has been renewed meanwhile.
            NotReady: a leaf is on its way elsewhere.
            Invalid: no leaves, one twice, a wrong signing key or a wrong refund.
        """
        self._check_new(transfer_id)
        paid = self.invoice_transfer(spark_invoice)
        if paid is not None and paid.status != TransferStatus.RETURNED:
            raise Exists(f"transfer {paid.id} pays this Spark invoice already")
        _check_unique(part.leaf_id for part in sent)
        offset, script = -transactions.TIMELOCK_STEP, keys.taproot_script(receiver)
        if payment_hash is not None:
            offset += transactions.HTLC_OFFSET
            script = transactions.htlc_script(payment_hash, receiver, sender)
        for part in sent:
            leaf = self.find_leaf(part.leaf_id)
            # A leaf that was swapped away is the provider's, who has redeemed it: to the sender it is a foreign one.
            # By "not owned by" and "not available to transfer" wallets know that they must look at their leaves again.
            if leaf is None or leaf.owner != sender:
                raise NotAllowed(f"leaf {part.leaf_id} is not owned by the sender")
            if leaf.status is not LeafStatus.AVAILABLE:
                raise NotReady(f"leaf {leaf.id} is not available to transfer: it is {leaf.status}")
            if part.signing_key != leaf.signing_key:
                raise Invalid(f"leaf {leaf.id} is signed with a key that is not its owner's")
            leaf.check_tweak(part.tweak)
            leaf.check_refund(part.refunds, leaf.timelock + offset, script, (connectors or {}).get(leaf.id))
        if confirm is not None:
            confirm()
        for part in sent:
            self.leaf(part.leaf_id).status = LeafStatus.TRANSFER_LOCKED
        status = TransferStatus.SENDER_KEY_TWEAK_PENDING
        return self._add(transfer_id, kind, status, sender, receiver, sent, expiry, spark_invoice)

    def settle(self, transfer_id: str) -> Transfer:
        """Make a sent transfer final: apply the key tweaks, so that only the receiver can take the leaves."""
        transfer = self._in_state(transfer_id, TransferStatus.SENDER_KEY_TWEAK_PENDING)
        for part in transfer.sent:
            leaf = self.leaf(part.leaf_id)
            leaf.tweak(part.tweak)
            leaf.refunds = part.refunds
            leaf.updated = self.now()
        return self._set_status(transfer, TransferStatus.SENDER_KEY_TWEAKED)

    def give_back(self, transfer_id: str) -> Transfer:
        """Undo a sent transfer that is not settled: its leaves are the sender's again, as before."""
        transfer = self._in_state(transfer_id, TransferStatus.SENDER_KEY_TWEAK_PENDING)
        if (counter := self.counter(transfer_id)) is not None:
            del self._counters[transfer_id]
            self._retire(counter, TransferStatus.RETURNED)
        for part in transfer.sent:
            self.leaf(part.leaf_id).status = LeafStatus.AVAILABLE
        return self._set_status(transfer, TransferStatus.RETURNED)

    # Receiving

    def claim(self, transfer_id: str, receiver: bytes, claimed: Sequence[ClaimedLeaf]) -> Transfer:
        """Give the leaves of a settled transfer to its receiver, under the receiver's own keys.

        Raises:
            NotFound, NotReady: there is no such transfer, or it is not settled, or was given back.
            NotAllowed: the caller is not its receiver.
            Exists: the caller has claimed it before.
            Invalid: not exactly its leaves, or a wrong key, tweak or refund.
        """
        for known in self.history(Filter(ids=[transfer_id]), 1, 0):
            if known.row.receiver != receiver:
                raise NotAllowed(f"transfer {transfer_id} is not for this receiver")
            if known.row.status == TransferStatus.COMPLETED:
                raise Exists(f"transfer {transfer_id} was claimed before")
        transfer = self._in_state(transfer_id, TransferStatus.SENDER_KEY_TWEAKED)
        _check_unique(part.leaf_id for part in claimed)
        if {part.leaf_id for part in claimed} != set(transfer.row.leaf_ids):
            raise Invalid("want exactly the leaves of the transfer")
        for part in claimed:
            leaf = self.leaf(part.leaf_id)
            leaf.check_tweak_to(part.signing_key, part.tweak)
            aligned = leaf.timelock // transactions.TIMELOCK_STEP * transactions.TIMELOCK_STEP
            leaf.check_refund(part.refunds, aligned, keys.taproot_script(part.signing_key))
        for part in claimed:
            leaf = self.leaf(part.leaf_id)
            leaf.tweak(part.tweak, part.signing_key)
            leaf.refunds = part.refunds
            leaf.status = LeafStatus.AVAILABLE
            leaf.updated = self.now()
            self._own(leaf, receiver)
        self._finish_swap(transfer_id)
        return self._set_status(transfer, TransferStatus.COMPLETED)

    def counter(self, transfer_id: str) -> Transfer | None:
        """The transfer that answers this one in a swap that is not finished."""
        return self._open.get(self._counters.get(transfer_id, ""))

    def _finish_swap(self, counter_id: str) -> None:
        for swapped, counter in self._counters.items():
            if counter == counter_id:
                del self._counters[swapped]
                self.settle(swapped)
                self.redeem(swapped)
                return

    def redeem(self, transfer_id: str) -> Transfer:
        """Take the leaves of a settled transfer out of circulation, for the provider that issued them."""
        return self._retire(self._in_state(transfer_id, TransferStatus.SENDER_KEY_TWEAKED), TransferStatus.COMPLETED)

    def retract(self, transfer_id: str) -> Transfer:
        """Take leaves out of circulation that were issued and not settled."""
        return self._retire(
            self._in_state(transfer_id, TransferStatus.SENDER_KEY_TWEAK_PENDING), TransferStatus.RETURNED
        )

    def _retire(self, transfer: Transfer, status: TransferStatus) -> Transfer:
        for part in transfer.sent:
            leaf = self._leaves.pop(part.leaf_id)
            del self._owned[leaf.owner][leaf.id]
            self._archive.drop_tree(leaf.tree_id)  # every leaf here has a tree of its own
            self.redeemed_sats += leaf.value
        return self._set_status(transfer, status)

    # Renewal

    def renewable(self, leaf_id: str, owner: bytes) -> Leaf:
        """A leaf that its owner may renew; raises NotFound, NotAllowed or NotReady."""
        leaf = self.leaf(leaf_id)
        if leaf.owner != owner:
            raise NotAllowed(f"leaf {leaf_id} is not the caller's")
        if leaf.status is not LeafStatus.AVAILABLE:
            raise NotReady(f"leaf {leaf_id} is {leaf.status}, not {LeafStatus.AVAILABLE}")
        if leaf.timelock > transactions.RENEWABLE_TIMELOCK:
            raise NotReady(f"the refund timelock of leaf {leaf_id} is {leaf.timelock}: too early to renew")
        return leaf

    def renew(self, leaf: Leaf, node: Node, refunds: Refunds, split: Leaf | None = None) -> None:
        """Give a leaf new transactions, under a new parent if ``split`` is one.

        Raises:
            Invalid: the refund does not spend the node, or has not the full timelock or value.
        """
        renewed = replace(leaf, node=node)
        own_script = keys.taproot_script(leaf.signing_key)
        renewed.check_refund(refunds, transactions.INITIAL_TIMELOCK, own_script)
        leaf.node, leaf.refunds, leaf.updated = node, refunds, self.now()
        if split is not None:
            leaf.parent_id = split.id


def _check_unique(ids: Iterable[str]) -> None:
    listed = list(ids)
    if not listed or len(set(listed)) != len(listed):
        raise Invalid("want at least one leaf, and none twice")
