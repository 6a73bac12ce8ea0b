"""The service provider: issues leaves, swaps them for others, funds wallets."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from exporter.network.ledger import frost, keys, transactions
from exporter.network.ledger.archive import Archive
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed
from exporter.network.ledger.keys import random_scalar
from exporter.network.ledger.leaves import Leaf, LeafStatus, SentLeaf, Transfer, TransferType
from exporter.network.ledger.ledger import Ledger
from exporter.network.ledger.transactions import Refunds
from exporter.network.parties import messages
from exporter.network.parties.operators import SparkService

_NODE_TIMELOCK = 500
_NO_TWEAK = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Swap:
    """A leaf swap: what came in, what was wanted, and the transfers both ways. It is finished by a claim."""

    id: str
    total_sats: int
    target_sats: int
    inbound: Transfer
    outbound: Transfer


@dataclass(frozen=True, slots=True)
class AdaptorSignatures:
    """A wallet's signatures for the refunds of leaves that it swaps, which lack the secret of an adaptor's point."""

    adaptor: bytes
    by_leaf: Mapping[str, bytes]


class ServiceProvider:
    """One provider with its identity key. Its own money is not limited: what it sends, it issues."""

    def __init__(self, ledger: Ledger, archive: Archive, operators: SparkService) -> None:
        self.ledger = ledger
        self._archive = archive
        self._operators = operators
        self.secret = random_scalar()
        self.identity = keys.public_key(self.secret)

    def fund(self, receiver: bytes, sats: int) -> Transfer:
        """Send a wallet fresh leaves, and tell it."""
        transfer = self.issue(receiver, denominations(sats), TransferType.TRANSFER)
        self.announce(transfer)
        return transfer

    def announce(self, transfer: Transfer) -> None:
        """Tell the receiver of a transfer."""
        self._operators.announce(transfer)

    def swap(
        self, caller: bytes, outbound_id: str, total_sats: int, targets: Sequence[int], signed: AdaptorSignatures
    ) -> Swap:
        """Send new leaves for those of a primary swap transfer: exactly the targets, and the change.

        Asked again, since an answer was lost, it names the same transfer.

        Raises:
            NotAllowed: the transfer is not the caller's to this provider.
            Invalid: the amounts do not add up, or a refund is not signed for.
            Exists: it is being swapped for other amounts.
            NotFound, NotReady: there is no such transfer, or it was swapped before.
        """
        outbound = self.ledger.transfer(outbound_id)
        row = outbound.row
        if row.type != TransferType.PRIMARY_SWAP_V3 or (row.sender, row.receiver) != (caller, self.identity):
            raise NotAllowed(f"transfer {outbound_id} is not the caller's swap with this provider")
        change = row.value - sum(targets)
        if row.value != total_sats or not targets or min(targets) <= 0 or change < 0:
            raise Invalid(f"targets {list(targets)} do not fit the {row.value} sats of transfer {outbound_id}")
        self._check_signed(outbound, signed)
        amounts = [*targets, *denominations(change)]
        inbound = self.ledger.counter(outbound_id)
        if inbound is None:
            inbound = self.issue(caller, amounts, TransferType.COUNTER_SWAP_V3, answers=outbound_id)
        elif [self.ledger.leaf(leaf_id).value for leaf_id in inbound.row.leaf_ids] != amounts:
            raise Exists(f"transfer {outbound_id} is being swapped for other amounts")
        return Swap(str(uuid.uuid4()), total_sats, sum(targets), inbound, outbound)

    def _check_signed(self, outbound: Transfer, signed: AdaptorSignatures) -> None:
        for part in outbound.sent:
            leaf = self.ledger.leaf(part.leaf_id)
            message = leaf.sighash(part.refunds.cpfp)
            signature = signed.by_leaf.get(leaf.id, b"")
            if not frost.verify_adaptor(signature, message, leaf.verifying_key, signed.adaptor):
                raise Invalid(f"the refund of leaf {leaf.id} is not signed for this provider")

    def give_back_swap(self, outbound_id: str, since: float) -> None:
        """Undo a swap whose new leaves, if any were sent, have waited to be claimed since before that time."""
        inbound = self.ledger.counter(outbound_id)
        if inbound is None or inbound.row.created < since:
            self.ledger.give_back(outbound_id)

    def issue(
        self,
        receiver: bytes,
        amounts: Sequence[int],
        kind: TransferType,
        *,
        expiry: float = 0.0,
        answers: str | None = None,
        settled: bool = True,
    ) -> Transfer:
        """Send fresh leaves with these values in sats, as `Ledger.issue` does; nobody is told."""
        transfer_id = str(uuid.uuid4())
        encrypt = keys.encryption(receiver)
        leaves = [self._new_leaf(amount, encrypt, transfer_id) for amount in amounts]
        return self.ledger.issue(
            transfer_id, kind, self.identity, receiver, leaves, expiry=expiry, answers=answers, settled=settled
        )

    def _new_leaf(self, value: int, encrypt: Callable[[bytes], bytes], transfer_id: str) -> tuple[Leaf, SentLeaf]:
        """A leaf under a root of its own, with a key that only the receiver learns."""
        secret, shares = random_scalar(), keys.split(random_scalar())
        owner_key = keys.public_key(secret)
        verifying_key = keys.add_points(owner_key, keys.joint_key(shares))
        script = keys.taproot_script(verifying_key)
        root_node = transactions.node(uuid.uuid4().bytes * 2, 0, value, script, 0)
        now = self.ledger.now()
        root = Leaf(
            id=str(uuid.uuid4()),
            tree_id=str(uuid.uuid4()),
            parent_id=None,
            value=value,
            owner=self.identity,
            verifying_key=verifying_key,
            shares=shares,
            node=root_node,
            refunds=Refunds(b""),
            status=LeafStatus.SPLITTED,
            created=now,
            updated=now,
        )
        self._archive.put_node(root.id, root.tree_id, messages.tree_node(root).SerializeToString())
        node = transactions.node(transactions.parse(root_node.cpfp).txid, 0, value, script, _NODE_TIMELOCK)
        refunds = transactions.refunds(node, value, keys.taproot_script(owner_key))
        leaf_id, status = str(uuid.uuid4()), LeafStatus.AVAILABLE
        leaf = replace(root, id=leaf_id, parent_id=root.id, node=node, refunds=refunds, status=status)
        cipher = encrypt(keys.scalar_bytes(secret))
        signature = keys.sign_compact(self.secret, (leaf.id + transfer_id).encode() + cipher)
        return leaf, SentLeaf(leaf.id, owner_key, _NO_TWEAK, refunds, cipher, signature)


def denominations(sats: int) -> list[int]:
    """The powers of two that add up to an amount, largest first: leaves that make most payments without a swap."""
    return [1 << bit for bit in reversed(range(sats.bit_length())) if sats >> bit & 1]
