"""Payments locked to a preimage: what the operators know of them, and what wallets ask about them.

A wallet that wants to be paid splits a preimage among the operators; one that pays locks leaves to its hash.
"""

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError

from exporter.network.ledger import invoices, keys
from exporter.network.ledger.archive import Archive, Filter
from exporter.network.ledger.errors import Exists, Invalid, NotFound
from exporter.network.ledger.leaves import Transfer, TransferStatus, TransferType
from exporter.network.ledger.ledger import Ledger
from exporter.network.parties import messages
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.parties.operators import SparkService, check_own, page_limit
from exporter.network.proto import spark_pb2 as pb

_SCHEMA = """
CREATE TABLE preimages (payment_hash BLOB PRIMARY KEY, preimage BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE locks (
    transfer_id TEXT PRIMARY KEY, payment_hash BLOB NOT NULL, sender BLOB NOT NULL, receiver BLOB NOT NULL,
    status INTEGER NOT NULL, created REAL NOT NULL, preimage BLOB
) WITHOUT ROWID;
CREATE INDEX lock_hashes ON locks (payment_hash);
"""


class LockStatus(IntEnum):
    """The states of a lock; the numbers are the protocol's."""

    WAITING_FOR_PREIMAGE = 0
    PREIMAGE_SHARED = 1
    RETURNED = 2


@dataclass(frozen=True, slots=True)
class Lock:
    """A transfer that is locked to a preimage."""

    transfer_id: str
    payment_hash: bytes
    sender: bytes
    receiver: bytes
    status: LockStatus
    created: float
    preimage: bytes | None = None


class Preimages:
    """Known preimages and locked transfers, on disk. Not thread-safe: one event loop owns it."""

    def __init__(self, archive: Archive, ledger: Ledger) -> None:
        self._db = archive.open_table(_SCHEMA)
        self._ledger = ledger

    def store(self, payment_hash: bytes, preimage: bytes) -> None:
        """Keep a preimage until a payer comes.

        Raises:
            Invalid: its hash is another one.
            Exists: there is one for this hash.
        """
        _check_preimage(payment_hash, preimage)
        try:
            self._db.execute("INSERT INTO preimages VALUES (?, ?)", (payment_hash, preimage))
        except sqlite3.IntegrityError:
            raise Exists("the preimage of this payment hash was stored before") from None

    def stored(self, payment_hash: bytes) -> bytes | None:
        row = self._db.execute("SELECT preimage FROM preimages WHERE payment_hash = ?", (payment_hash,)).fetchone()
        return row[0] if row else None

    def lock(self, transfer: Transfer, payment_hash: bytes, preimage: bytes | None = None) -> None:
        """Note that a transfer is locked to a preimage, which may be known from the start."""
        row = transfer.row
        status = LockStatus.WAITING_FOR_PREIMAGE if preimage is None else LockStatus.PREIMAGE_SHARED
        values = (row.id, payment_hash, row.sender, row.receiver, status, row.created, preimage)
        self._db.execute("INSERT INTO locks VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def open_lock(self, transfer_id: str) -> Lock:
        """A lock that waits for its preimage; raises NotFound."""
        found = self._select("transfer_id = ? AND status = 0", [transfer_id])
        if not found:
            raise NotFound(f"transfer {transfer_id} does not wait for a preimage")
        return found[0]

    def unlock(self, lock: Lock, preimage: bytes) -> Transfer:
        """Settle a transfer by its preimage; raises Invalid if it is another one's."""
        _check_preimage(lock.payment_hash, preimage)
        transfer = self._ledger.settle(lock.transfer_id)
        self._set(lock, LockStatus.PREIMAGE_SHARED, preimage)
        return transfer

    def give_back(self, lock: Lock) -> Transfer:
        """Give the leaves of a locked transfer back to their owner."""
        transfer = self._ledger.give_back(lock.transfer_id)
        self._set(lock, LockStatus.RETURNED, None)
        return transfer

    def retract(self, lock: Lock) -> None:
        """Take the leaves of a locked transfer out of circulation, for who issued them."""
        self._ledger.retract(lock.transfer_id)
        self._set(lock, LockStatus.RETURNED, None)

    def give_back_expired(self) -> None:
        """Give back what nobody had the preimage for in time."""
        pending = Filter(types=[TransferType.PREIMAGE_SWAP], statuses=[TransferStatus.SENDER_KEY_TWEAK_PENDING])
        for transfer in self._ledger.pending(pending):
            if transfer.row.expiry <= self._ledger.now():
                self.give_back(self.open_lock(transfer.row.id))

    def find(self, request: pb.QueryHtlcRequest, limit: int, offset: int) -> list[Lock]:
        """The locks that a query asks for, newest first."""
        roles = {
            pb.PREIMAGE_REQUEST_ROLE_RECEIVER: "receiver = ?1",
            pb.PREIMAGE_REQUEST_ROLE_SENDER: "sender = ?1",
            pb.PREIMAGE_REQUEST_ROLE_RECEIVER_AND_SENDER: "?1 IN (sender, receiver)",
        }
        if request.match_role not in roles:
            raise Invalid(f"there is no role {request.match_role}")
        where = [roles[request.match_role]]
        values: list[Any] = [request.identity_public_key]
        for column, wanted in (("transfer_id", request.transfer_ids), ("payment_hash", request.payment_hashes)):
            if wanted:
                where.append(f"{column} IN ({','.join('?' * len(wanted))})")
                values += wanted
        if request.HasField("status"):
            where.append(f"status = {int(request.status)}")
        return self._select(f"{' AND '.join(where)} ORDER BY created DESC LIMIT ? OFFSET ?", [*values, limit, offset])

    def _set(self, lock: Lock, status: LockStatus, preimage: bytes | None) -> None:
        values = (status, preimage, lock.transfer_id)
        self._db.execute("UPDATE locks SET status = ?, preimage = ? WHERE transfer_id = ?", values)

    def _select(self, where: str, values: list[Any]) -> list[Lock]:
        rows = self._db.execute(f"SELECT * FROM locks WHERE {where}", values)  # noqa: S608
        return [
            Lock(transfer_id, payment_hash, sender, receiver, LockStatus(status), created, preimage)
            for transfer_id, payment_hash, sender, receiver, status, created, preimage in rows
        ]


class PreimageService:
    """The part of `spark.SparkService` that is about payments locked to a preimage.

    Args:
        preimages: what is known of them.
        service: the operators' service.
        shown: told of every payment hash and preimage that a receiver shows.
    """

    def __init__(self, preimages: Preimages, service: SparkService, shown: Callable[[bytes, bytes], None]) -> None:
        self._preimages = preimages
        self._service = service
        self._ledger = service.ledger
        self._shown = shown

    async def store_preimage_share_v2(self, request: pb.StorePreimageShareV2Request, caller: bytes) -> Empty:
        if invoices.decode(request.invoice_string).payment_hash != request.payment_hash:
            raise Invalid("the invoice is for another payment hash")
        self._preimages.store(request.payment_hash, self._joined(request))
        return Empty()

    def _joined(self, request: pb.StorePreimageShareV2Request) -> bytes:
        sealed = request.encrypted_preimage_shares
        if set(sealed) != set(OPERATOR_IDS) or request.threshold != keys.THRESHOLD:
            raise Invalid(f"want a share for each of {keys.OPERATORS} operators, {keys.THRESHOLD} of which suffice")
        try:
            opened = [
                pb.SecretShare.FromString(keys.decrypt(secret, sealed[name]))
                for secret, name in zip(self._service.operators.secrets, OPERATOR_IDS, strict=True)
            ]
            shares = [int.from_bytes(share.secret_share, "big") for share in opened]
            keys.check_shares(shares, [share.proofs for share in opened])
        except (ValueError, DecodeError) as error:
            raise Invalid(f"the preimage's shares are wrong: {error}") from error
        return keys.scalar_bytes(keys.join(shares))

    async def initiate_preimage_swap_v3(
        self, request: pb.InitiatePreimageSwapRequest, caller: bytes
    ) -> pb.InitiatePreimageSwapResponse:
        started = request.transfer_request
        if request.reason != pb.InitiatePreimageSwapRequest.REASON_SEND:
            raise Invalid("want a payment that is sent")
        if len(request.payment_hash) != 32:
            raise Invalid("want a payment hash of 32 bytes")
        if request.receiver_identity_public_key != started.receiver_identity_public_key:
            raise Invalid("the payment and its transfer have different receivers")
        if started.expiry_time.seconds <= self._ledger.now():
            raise Invalid("the transfer has expired")
        invoice = request.invoice_amount.invoice_amount_proof.bolt11_invoice
        if invoice and invoices.decode(invoice).payment_hash != request.payment_hash:
            raise Invalid("the invoice is for another payment hash")
        transfer = self._service.start(started, caller, TransferType.PREIMAGE_SWAP, request.payment_hash)
        self._preimages.lock(transfer, request.payment_hash)
        return pb.InitiatePreimageSwapResponse(transfer=messages.transfer(self._ledger, transfer))

    async def provide_preimage(self, request: pb.ProvidePreimageRequest, caller: bytes) -> pb.ProvidePreimageResponse:
        check_own(request.identity_public_key, caller)
        wanted = pb.QueryHtlcRequest(
            payment_hashes=[request.payment_hash],
            identity_public_key=caller,
            status=pb.PREIMAGE_REQUEST_STATUS_WAITING_FOR_PREIMAGE,
        )
        found = self._preimages.find(wanted, 1, 0)
        if not found:
            raise NotFound("nothing waits for the preimage of this payment hash")
        transfer = self._preimages.unlock(found[0], request.preimage)
        self._shown(request.payment_hash, request.preimage)
        self._service.announce(transfer)
        return pb.ProvidePreimageResponse(transfer=messages.transfer(self._ledger, transfer))

    async def query_htlc(self, request: pb.QueryHtlcRequest, caller: bytes) -> pb.QueryHtlcResponse:
        check_own(request.identity_public_key, caller)
        limit, offset = page_limit(request.limit), max(request.offset, 0)
        locks = self._preimages.find(request, limit, offset)
        found = self._ledger.history(Filter(ids=[lock.transfer_id for lock in locks]), limit, 0) if locks else []
        transfers = {transfer.row.id: messages.transfer(self._ledger, transfer) for transfer in found}
        records = [
            pb.PreimageRequestWithTransfer(
                payment_hash=lock.payment_hash,
                receiver_identity_pubkey=lock.receiver,
                status=pb.PreimageRequestStatus.Name(lock.status),
                created_time=messages.timestamp(lock.created),
                transfer=transfers[lock.transfer_id],
                preimage=lock.preimage,
                sender_identity_pubkey=lock.sender,
            )
            for lock in locks
        ]
        return pb.QueryHtlcResponse(preimage_requests=records, offset=offset + limit if len(locks) == limit else -1)


def _check_preimage(payment_hash: bytes, preimage: bytes) -> None:
    if hashlib.sha256(preimage).digest() != payment_hash:
        raise Invalid("this is not the preimage of the payment hash")
