"""The books of the local network: which leaves and transfers there are, and whose they are."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from exporter.network.ledger.archive import Archive, Filter, TransferRow
from exporter.network.ledger.errors import Exists, NotFound, NotReady
from exporter.network.ledger.leaves import Leaf, SentLeaf, Transfer, TransferStatus, TransferType


class Books:
    """What there is, to be read; `Ledger` changes it. Not thread-safe: one event loop owns it.

    Args:
        archive: where history goes.
        now: the clock, in seconds since the epoch.
    """

    def __init__(self, archive: Archive, now: Callable[[], float] = time.time) -> None:
        self.issued_sats = 0
        self.redeemed_sats = 0
        self._archive = archive
        self.now = now
        self._leaves: dict[str, Leaf] = {}
        self._owned: defaultdict[bytes, dict[str, None]] = defaultdict(dict)  # leaf ids, in order of arrival
        self._open: dict[str, Transfer] = {}
        self._counters: dict[str, str] = {}  # of unfinished swaps: the transfer back, by the one that it answers
        self._seq = 0

    def leaf(self, leaf_id: str) -> Leaf:
        """A leaf by id; raises NotFound."""
        leaf = self._leaves.get(leaf_id)
        if leaf is None:
            raise NotFound(f"there is no leaf {leaf_id}")
        return leaf

    def find_leaf(self, leaf_id: str) -> Leaf | None:
        return self._leaves.get(leaf_id)

    def leaves_of(self, owner: bytes) -> list[Leaf]:
        """All leaves of an owner, locked ones too, in a stable order."""
        return [self._leaves[leaf_id] for leaf_id in self._owned.get(owner, ())]

    def balance(self, owner: bytes) -> int:
        """Sats in an owner's leaves."""
        return sum(leaf.value for leaf in self.leaves_of(owner))

    def total_sats(self) -> int:
        """Sats in all leaves."""
        return sum(leaf.value for leaf in self._leaves.values())

    def transfer(self, transfer_id: str) -> Transfer:
        """A transfer that is not over; raises NotFound."""
        transfer = self._open.get(transfer_id)
        if transfer is None:
            if self._archive.has_transfer(transfer_id):
                raise NotReady(f"transfer {transfer_id} is over")
            raise NotFound(f"there is no transfer {transfer_id}")
        return transfer

    def pending(self, wanted: Filter) -> list[Transfer]:
        """Transfers that are not over, oldest first."""
        return [transfer for transfer in self._open.values() if wanted.matches(transfer.row)]

    def history(self, wanted: Filter, limit: int, offset: int) -> list[Transfer]:
        """Transfers in any state, those that are over with their row alone."""
        rows = self._archive.list_transfers(wanted, limit, offset)
        return [self._open.get(row.id) or Transfer(row) for row in rows]

    def invoice_transfer(self, spark_invoice: str) -> TransferRow | None:
        """The last transfer that pays a Spark invoice."""
        return self._archive.invoice_transfer(spark_invoice)

    # For `Ledger`

    def _check_new(self, transfer_id: str) -> None:
        if self._archive.has_transfer(transfer_id):
            raise Exists(f"transfer {transfer_id} was started before")

    def _in_state(self, transfer_id: str, status: TransferStatus) -> Transfer:
        transfer = self.transfer(transfer_id)
        if transfer.row.status != status:
            raise NotReady(f"transfer {transfer_id} is {TransferStatus(transfer.row.status).name}, not {status.name}")
        return transfer

    def _add(
        self,
        transfer_id: str,
        kind: TransferType,
        status: TransferStatus,
        sender: bytes,
        receiver: bytes,
        sent: Sequence[SentLeaf],
        expiry: float,
        spark_invoice: str,
    ) -> Transfer:
        self._seq += 1
        now = self.now()
        value = sum(self.leaf(part.leaf_id).value for part in sent)
        leaf_ids = tuple(part.leaf_id for part in sent)
        row = TransferRow(
            self._seq, transfer_id, kind, status, sender, receiver, value, now, now, expiry, spark_invoice, leaf_ids
        )
        self._archive.add_transfer(row)
        transfer = self._open[transfer_id] = Transfer(row, list(sent))
        return transfer

    def _set_status(self, transfer: Transfer, status: TransferStatus) -> Transfer:
        row = transfer.row = replace(transfer.row, status=status, updated=self.now())
        self._archive.set_status(row.id, row.status, row.updated)
        if status in (TransferStatus.COMPLETED, TransferStatus.RETURNED):
            del self._open[row.id]
        return transfer

    def _own(self, leaf: Leaf, owner: bytes) -> None:
        self._owned[leaf.owner].pop(leaf.id, None)
        leaf.owner = owner
        self._owned[owner][leaf.id] = None
