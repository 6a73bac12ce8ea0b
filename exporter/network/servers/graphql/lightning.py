"""Lightning invoices and payments."""

from typing import Any

from exporter.network.ledger.invoices import DEFAULT_EXPIRY_SECONDS
from exporter.network.parties.lightning import InvoiceWish, Lightning
from exporter.network.servers.graphql import values
from exporter.network.servers.graphql.requests import rendered
from exporter.network.servers.graphql.values import Json


class LightningPayments:
    """Invoices for wallets, and payments of them."""

    def __init__(self, lightning: Lightning) -> None:
        self._lightning = lightning

    def lightning_send_fee_estimate(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        fee = self._lightning.fee_estimate(input["encoded_invoice"], input.get("amount_sats"))
        return {"fee_estimate": values.sats(fee)}

    def request_lightning_receive(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        caller = info.context.identity
        receiver, memo_hash = input.get("receiver_identity_pubkey"), input.get("description_hash")
        wish = InvoiceWish(
            receiver=values.from_hex(receiver, "receiver_identity_pubkey") if receiver else caller,
            payment_hash=values.from_hex(input["payment_hash"], "payment_hash"),
            sats=input["amount_sats"],
            expiry_seconds=input.get("expiry_secs") or DEFAULT_EXPIRY_SECONDS,
            memo=input.get("memo"),
            memo_hash=values.from_hex(memo_hash, "description_hash") if memo_hash else None,
            with_spark_hint=input["include_spark_address"],
            spark_invoice=input.get("spark_invoice"),
        )
        return {"request": rendered(self._lightning.receive(caller, wish))}

    def request_lightning_send(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        request = self._lightning.send(
            info.context.identity,
            input["encoded_invoice"],
            input.get("amount_sats"),
            input.get("user_outbound_transfer_external_id") or "",
            input.get("idempotency_key"),
        )
        return {"request": rendered(request)}
