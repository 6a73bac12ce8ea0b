"""What wallets asked the provider for, kept on disk: wallets ask again, by request and by transfer."""

import json
import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import ClassVar, TypeAlias

from exporter.network.ledger.archive import Archive

_SCHEMA = """
CREATE TABLE requests (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, owner TEXT NOT NULL, outcome TEXT NOT NULL,
    transfer_id TEXT UNIQUE, payment_hash TEXT UNIQUE, body TEXT NOT NULL
);
CREATE INDEX owners ON requests (owner);
"""


class Outcome(StrEnum):
    """What became of a request, whatever its kind; the names are the provider's."""

    CREATED = "CREATED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class ReceiveStatus(StrEnum):
    """The states of a Lightning receive request that occur here; the names are the provider's."""

    INVOICE_CREATED = "INVOICE_CREATED"
    TRANSFER_COMPLETED = "TRANSFER_COMPLETED"


class SendStatus(StrEnum):
    """The states of a Lightning send request that occur here; the names are the provider's."""

    LIGHTNING_PAYMENT_INITIATED = "LIGHTNING_PAYMENT_INITIATED"
    TRANSFER_COMPLETED = "TRANSFER_COMPLETED"
    USER_SWAP_RETURNED = "USER_SWAP_RETURNED"


_OUTCOMES = {
    ReceiveStatus.INVOICE_CREATED: Outcome.CREATED,
    SendStatus.LIGHTNING_PAYMENT_INITIATED: Outcome.IN_PROGRESS,
    SendStatus.USER_SWAP_RETURNED: Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class _Request:
    """Keys and hashes as hex text, amounts in sats, times in seconds since the epoch."""

    kind: ClassVar[str]

    owner: str
    sats: int
    created: float
    updated: float
    transfer_id: str | None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LightningReceive(_Request):
    """An invoice that a wallet had made, and what became of it."""

    kind: ClassVar[str] = "LightningReceiveRequest"

    receiver: str
    invoice: str
    payment_hash: str
    memo: str | None
    expires: float
    status: ReceiveStatus = ReceiveStatus.INVOICE_CREATED
    preimage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LightningSend(_Request):
    """A payment of an invoice that a wallet asked for; ``sats`` without the fee."""

    kind: ClassVar[str] = "LightningSendRequest"

    invoice: str
    fee_sats: int
    idempotency_key: str
    status: SendStatus
    preimage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositClaim(_Request):
    """A static deposit that was credited in full."""

    kind: ClassVar[str] = "ClaimStaticDeposit"

    txid: str
    vout: int


UserRequest: TypeAlias = LightningReceive | LightningSend | DepositClaim
_KINDS: dict[str, type[LightningReceive | LightningSend | DepositClaim]] = {
    kind.kind: kind for kind in (LightningReceive, LightningSend, DepositClaim)
}


class UserRequests:
    """The requests. Not thread-safe: one event loop owns it."""

    def __init__(self, archive: Archive) -> None:
        self._db = archive.open_table(_SCHEMA)

    def put(self, request: UserRequest) -> None:
        """Keep a request, or its newer state."""
        payment_hash = request.payment_hash if isinstance(request, LightningReceive) else None
        body = json.dumps(asdict(request), separators=(",", ":"))
        outcome = Outcome.SUCCEEDED if isinstance(request, DepositClaim) else _OUTCOMES.get(request.status)
        values = (request.id, request.kind, request.owner, outcome or Outcome.SUCCEEDED, request.transfer_id)
        self._db.execute(
            "INSERT INTO requests VALUES (NULL, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " outcome = excluded.outcome, transfer_id = excluded.transfer_id, body = excluded.body",
            (*values, payment_hash, body),
        )

    def find(self, request_id: str) -> UserRequest | None:
        return next(iter(self._select("id = ?", [request_id])), None)

    def of_transfers(self, transfer_ids: Collection[str]) -> list[UserRequest]:
        """The requests that these transfers belong to; not every transfer belongs to one."""
        return self._select(f"transfer_id IN ({','.join('?' * len(transfer_ids))})", list(transfer_ids))

    def of_owner(
        self, owner: str, kinds: Collection[str], outcomes: Collection[str], limit: int, offset: int
    ) -> list[UserRequest]:
        """A page of a wallet's own requests, newest first; no kinds or outcomes are all of them."""
        where = "owner = ?"
        for column, wanted in (("kind", kinds), ("outcome", outcomes)):
            where += f" AND {column} IN ({','.join('?' * len(wanted))})" if wanted else ""
        return self._select(f"{where} ORDER BY seq DESC LIMIT ? OFFSET ?", [owner, *kinds, *outcomes, limit, offset])

    def receive(self, payment_hash: str) -> LightningReceive | None:
        """The request for the invoice with this payment hash."""
        found = self._select("payment_hash = ?", [payment_hash])
        return found[0] if found and isinstance(found[0], LightningReceive) else None

    def _select(self, where: str, values: list[str | int]) -> list[UserRequest]:
        rows = self._db.execute(f"SELECT kind, body FROM requests WHERE {where}", values)  # noqa: S608
        return [_KINDS[kind](**json.loads(body)) for kind, body in rows]
