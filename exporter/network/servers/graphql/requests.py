"""What became of requests: by their own ids, and by the ids of their transfers."""

from typing import Any

from exporter.network.ledger import invoices
from exporter.network.ledger.errors import Invalid
from exporter.network.ledger.user_requests import (
    DepositClaim,
    LightningReceive,
    LightningSend,
    UserRequest,
    UserRequests,
)
from exporter.network.servers.graphql import values
from exporter.network.servers.graphql.values import Json

PAGE_SIZE = 100
_TYPES = {
    "LIGHTNING_RECEIVE": LightningReceive.kind,
    "LIGHTNING_SEND": LightningSend.kind,
    "CLAIM_STATIC_DEPOSIT": DepositClaim.kind,
}


class Requests:
    """Answers about the caller's own requests alone."""

    def __init__(self, requests: UserRequests) -> None:
        self._requests = requests

    def transfers(self, info: Any, transfer_spark_ids: list[str]) -> list[Json]:
        caller = info.context.identity.hex()
        found = self._requests.of_transfers(transfer_spark_ids) if transfer_spark_ids else ()
        return [
            values.transfer_of(request.transfer_id, _moved(request), rendered(request))
            for request in found
            if caller in _parties(request) and request.transfer_id
        ]

    def current_user(self, info: Any) -> Json:
        return {"user_requests": self._of_caller}

    def _of_caller(
        self,
        info: Any,
        first: int = PAGE_SIZE,
        after: str | None = None,
        types: list[str] | None = None,
        statuses: list[str] | None = None,
        networks: list[str] | None = None,
    ) -> Json:
        """A page of the caller's requests; a cursor is the number of requests before it."""
        if first <= 0 or not (after or "0").isdecimal():
            raise Invalid("want a page of at least one request, from a cursor of a page before")
        size, start = min(first, PAGE_SIZE), int(after or 0)
        kinds = [_TYPES[name] for name in types or () if name in _TYPES]
        served = (not types or kinds) and (not networks or values.NETWORK in networks)
        owner = info.context.identity.hex()
        found = self._requests.of_owner(owner, kinds, statuses or (), size + 1, start) if served else []
        page = found[:size]
        return {
            "count": len(page),
            "page_info": {
                "has_next_page": len(found) > size,
                "has_previous_page": start > 0,
                "start_cursor": str(start),
                "end_cursor": str(start + len(page)),
            },
            "entities": [rendered(request) for request in page],
        }

    def user_request(self, info: Any, request_id: str) -> Json | None:
        caller = info.context.identity.hex()
        request = self._requests.find(request_id.rpartition(":")[2])
        return rendered(request) if request and caller in _parties(request) else None


def rendered(request: UserRequest) -> Json:
    """A request as GraphQL shows it."""
    common = {
        "__typename": request.kind,
        "id": f"{request.kind}:{request.id}",
        "created_at": values.time(request.created),
        "updated_at": values.time(request.updated),
        "network": values.NETWORK,
    }
    match request:
        case LightningReceive():
            return common | _receive(request)
        case LightningSend():
            return common | _send(request)
        case DepositClaim():
            return common | _claim(request)


def _receive(request: LightningReceive) -> Json:
    invoice = {
        "encoded_invoice": request.invoice,
        "bitcoin_network": values.NETWORK,
        "payment_hash": request.payment_hash,
        "amount": values.sats(request.sats),
        "created_at": values.time(request.created),
        "expires_at": values.time(request.expires),
        "memo": request.memo,
    }
    return {
        "invoice": invoice,
        "status": request.status,
        "transfer": _transfer(request),
        "payment_preimage": request.preimage,
        "receiver_identity_public_key": request.receiver,
        "spark_invoice": invoices.decode(request.invoice).spark_invoice,
    }


def _send(request: LightningSend) -> Json:
    return {
        "encoded_invoice": request.invoice,
        "fee": values.sats(request.fee_sats),
        "idempotency_key": request.idempotency_key,
        "status": request.status,
        "transfer": _transfer(request),
        "payment_preimage": request.preimage,
    }


def _claim(request: DepositClaim) -> Json:
    return {
        "deposit_amount": values.sats(request.sats),
        "credit_amount": values.sats(request.sats),
        "max_fee": values.sats(0),
        "status": "TRANSFER_COMPLETED",
        "transaction_id": request.txid,
        "output_index": request.vout,
        "bitcoin_network": values.NETWORK,
        "transfer_spark_id": request.transfer_id,
    }


def _transfer(request: UserRequest) -> Json | None:
    return values.transfer_of(request.transfer_id, _moved(request)) if request.transfer_id else None


def _moved(request: UserRequest) -> int:
    """What the request's transfer holds, in sats."""
    return request.sats + (request.fee_sats if isinstance(request, LightningSend) else 0)


def _parties(request: UserRequest) -> tuple[str, ...]:
    return (request.owner, request.receiver) if isinstance(request, LightningReceive) else (request.owner,)
