"""Static deposits."""

from typing import Any

from exporter.network.ledger.errors import Invalid
from exporter.network.parties.deposit_claims import DepositClaims, Quote
from exporter.network.servers.graphql import values
from exporter.network.servers.graphql.values import Json


class StaticDeposits:
    """Quotes for deposits, and claims."""

    def __init__(self, claims: DepositClaims) -> None:
        self._claims = claims

    def static_deposit_quote(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        quote = self._claims.quote(info.context.identity, input["transaction_id"], input["output_index"])
        return {
            "transaction_id": quote.txid,
            "output_index": quote.vout,
            "network": values.NETWORK,
            "credit_amount_sats": quote.sats,
            "signature": quote.signature.hex(),
        }

    def claim_static_deposit(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        encrypted = input.get("encrypted_deposit_secret_key")
        secret = encrypted or input.get("deposit_secret_key")
        if not secret:
            raise Invalid("want the deposit's secret key")
        quote = Quote(
            txid=input["transaction_id"],
            vout=input["output_index"],
            sats=input.get("credit_amount_sats") or 0,
            signature=values.from_hex(input["quote_signature"], "quote_signature"),
        )
        claim = self._claims.claim(
            info.context.identity,
            quote,
            values.from_hex(input["signature"], "signature"),
            values.from_hex(secret, "deposit_secret_key"),
            encrypted=bool(encrypted),
        )
        return {"transfer_id": claim.transfer_id}
