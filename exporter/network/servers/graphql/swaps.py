"""Leaf swaps."""

from typing import Any

from exporter.network.ledger.leaves import SentLeaf
from exporter.network.parties.ssp import AdaptorSignatures, ServiceProvider
from exporter.network.servers.graphql import values
from exporter.network.servers.graphql.values import Json


class Swaps:
    """Leaves for other leaves of the same value."""

    def __init__(self, provider: ServiceProvider) -> None:
        self._provider = provider

    def leaves_swap_fee_estimate(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        return {"fee_estimate": values.sats(0)}

    def request_swap(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        swap = self._provider.swap(
            info.context.identity,
            input["user_outbound_transfer_external_id"],
            input["total_amount_sats"],
            input["target_amount_sats"],
            AdaptorSignatures(
                values.from_hex(input["adaptor_pubkey"], "adaptor_pubkey"),
                {
                    leaf["leaf_id"]: values.from_hex(leaf["adaptor_added_signature"], "adaptor_added_signature")
                    for leaf in input["user_leaves"]
                },
            ),
        )
        created = values.time(swap.inbound.row.created)
        return {
            "request": {
                "__typename": "LeavesSwapRequest",
                "id": f"LeavesSwapRequest:{swap.id}",
                "created_at": created,
                "updated_at": created,
                "network": values.NETWORK,
                "status": "SUCCEEDED",
                "total_amount": values.sats(swap.total_sats),
                "target_amount": values.sats(swap.target_sats),
                "fee": values.sats(0),
                "inbound_transfer": values.transfer(swap.inbound),
                "outbound_transfer": values.transfer(swap.outbound),
                "expires_at": None,
                "swap_leaves": [_leaf(part) for part in swap.inbound.sent],
            }
        }


def _leaf(part: SentLeaf) -> Json:
    """A new leaf. The provider signs nothing for it: the wallet gets a refund of its own when it claims the leaf."""
    return {
        "leaf_id": part.leaf_id,
        "raw_unsigned_refund_transaction": part.refunds.cpfp.hex(),
        "adaptor_signed_signature": "",
    }
