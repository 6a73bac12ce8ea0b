"""Withdrawals."""

import uuid
from typing import Any

from exporter.network.parties.withdrawals import (
    BROADCAST_FEE_SATS,
    EXPIRY_SECONDS,
    USER_FEE_SATS,
    ExitWish,
    Withdrawals,
)
from exporter.network.servers.graphql import values
from exporter.network.servers.graphql.requests import rendered
from exporter.network.servers.graphql.values import Json


class Exits:
    """Quotes for withdrawals, and withdrawals."""

    def __init__(self, withdrawals: Withdrawals) -> None:
        self._withdrawals = withdrawals

    def coop_exit_fee_quote(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        """The fees are always the same: a quote is good whatever its id."""
        total = self._withdrawals.value(info.context.identity, input["leaf_external_ids"])
        now = self._withdrawals.now()
        quote = {
            "id": f"CoopExitFeeQuote:{uuid.uuid4()}",
            "created_at": values.time(now),
            "updated_at": values.time(now),
            "network": values.NETWORK,
            "total_amount": values.sats(total),
            "expires_at": values.time(now + EXPIRY_SECONDS),
        }
        for speed, sats in BROADCAST_FEE_SATS.items():
            quote[f"user_fee_{speed.lower()}"] = values.sats(USER_FEE_SATS)
            quote[f"l1_broadcast_fee_{speed.lower()}"] = values.sats(sats)
        return {"quote": quote}

    def request_coop_exit(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        wish = ExitWish(
            leaf_ids=input["leaf_external_ids"],
            fee_leaf_ids=input.get("fee_leaf_external_ids") or (),
            address=input["withdrawal_address"],
            speed=input["exit_speed"],
            transfer_id=input.get("user_outbound_transfer_external_id") or "",
        )
        return {"request": rendered(self._withdrawals.request(info.context.identity, wish))}

    def complete_coop_exit(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        transfer_id = input["user_outbound_transfer_external_id"]
        return {"request": rendered(self._withdrawals.complete(info.context.identity, transfer_id))}
