"""The service provider: issues leaves, swaps them for others, funds wallets."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.network import keys, messages, transactions
from exporter.network.archive import Archive
from exporter.network.errors import Invalid, NotAllowed
from exporter.network.keys import random_scalar
from exporter.network.ledger import Leaf, LeafStatus, Ledger, SentLeaf, Transfer, TransferType
from exporter.network.operators import SparkService
from exporter.network.transactions import Refunds

MAX_FUNDING_SATS = 50_000  # the most that the hosted faucet gives for one request

_NODE_TIMELOCK = 500
_NO_TWEAK = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Swap:
    """A finished leaf swap: what came in, what was wanted, and the transfers both ways."""

    id: str
    total_sats: int
    target_sats: int
    inbound: Transfer
    outbound: Transfer


class ServiceProvider:
    """One provider with its identity key. Its own money is not limited: what it sends, it issues."""

    def __init__(self, ledger: Ledger, archive: Archive, operators: SparkService) -> None:
        self._ledger = ledger
        self._archive = archive
        self._operators = operators
        self._secret = random_scalar()
        self.identity = keys.public_key(self._secret)

    def fund(self, receiver: bytes, sats: int) -> Transfer:
        """Send a wallet fresh leaves; raises Invalid if the amount is out of range."""
        if not 0 < sats <= MAX_FUNDING_SATS:
            raise Invalid(f"want an amount from 1 to {MAX_FUNDING_SATS} sats, not {sats}")
        transfer = self.issue(receiver, denominations(sats), TransferType.TRANSFER)
        self._operators.announce(transfer)
        return transfer

    def swap(self, caller: bytes, outbound_id: str, total_sats: int, targets: Sequence[int]) -> Swap:
        """Take the leaves of a primary swap transfer and send new ones: exactly the targets, and the change.

        Raises:
            NotAllowed: the transfer is not the caller's to this provider.
            Invalid: the amounts do not add up.
            NotFound, NotReady: there is no such transfer, or it was swapped before.
        """
        outbound = self._ledger.transfer(outbound_id)
        row = outbound.row
        if row.type != TransferType.PRIMARY_SWAP_V3 or (row.sender, row.receiver) != (caller, self.identity):
            raise NotAllowed(f"transfer {outbound_id} is not the caller's swap with this provider")
        change = row.value - sum(targets)
        if row.value != total_sats or not targets or min(targets) <= 0 or change < 0:
            raise Invalid(f"targets {list(targets)} do not fit the {row.value} sats of transfer {outbound_id}")
        self._ledger.settle(outbound_id)
        outbound = self._ledger.redeem(outbound_id)
        inbound = self.issue(caller, [*targets, *denominations(change)], TransferType.COUNTER_SWAP_V3)
        return Swap(str(uuid.uuid4()), total_sats, sum(targets), inbound, outbound)

    def issue(self, receiver: bytes, amounts: Sequence[int], kind: TransferType) -> Transfer:
        """Send fresh leaves with these values in sats; nobody is told."""
        transfer_id = str(uuid.uuid4())
        leaves = [self._new_leaf(amount, receiver, transfer_id) for amount in amounts]
        return self._ledger.issue(transfer_id, kind, self.identity, receiver, leaves)

    def _new_leaf(self, value: int, receiver: bytes, transfer_id: str) -> tuple[Leaf, SentLeaf]:
        """A leaf under a root of its own, with a key that only the receiver learns."""
        secret, share = random_scalar(), random_scalar()
        owner_key = keys.public_key(secret)
        verifying_key = keys.public_key(secret + share)
        script = keys.taproot_script(verifying_key)
        root_node = transactions.node(uuid.uuid4().bytes * 2, 0, value, script, 0)
        node = transactions.node(transactions.parse(root_node.cpfp).txid, 0, value, script, _NODE_TIMELOCK)
        root = self._leaf(None, value, verifying_key, share, root_node, Refunds(b""), LeafStatus.SPLITTED)
        self._archive.put_node(root.id, messages.tree_node(root).SerializeToString())
        refunds = transactions.refunds(node, value, keys.taproot_script(owner_key))
        leaf = self._leaf(root, value, verifying_key, share, node, refunds, LeafStatus.AVAILABLE)
        cipher = keys.encrypt(receiver, keys.scalar_bytes(secret))
        signature = keys.sign_compact(self._secret, (leaf.id + transfer_id).encode() + cipher)
        return leaf, SentLeaf(leaf.id, owner_key, _NO_TWEAK, refunds, cipher, signature)

    def _leaf(
        self,
        root: Leaf | None,
        value: int,
        verifying_key: bytes,
        share: int,
        node: transactions.Node,
        refunds: Refunds,
        status: LeafStatus,
    ) -> Leaf:
        now = self._ledger.now()
        leaf_id = str(uuid.uuid4())
        return Leaf(
            id=leaf_id,
            tree_id=root.tree_id if root else str(uuid.uuid4()),
            parent_id=root.id if root else None,
            value=value,
            owner=self.identity,
            verifying_key=verifying_key,
            shares=keys.split(share),
            node=node,
            refunds=refunds,
            status=status,
            created=now,
            updated=now,
        )


def denominations(sats: int) -> list[int]:
    """The powers of two that add up to an amount, largest first: leaves that make most payments without a swap."""
    return [1 << bit for bit in reversed(range(sats.bit_length())) if sats >> bit & 1]
