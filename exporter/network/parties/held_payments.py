"""Payments of hold invoices: the money waits, on both sides, until the receiver shows the preimage.

A payment has two halves, as every Lightning payment here: the payer's leaves, locked for the provider, and new leaves
for the receiver, locked to the same preimage. Both are settled at once, or both go back when the payer's lock expires.
"""

from dataclasses import dataclass, replace

from exporter.network.ledger.leaves import TransferType
from exporter.network.ledger.user_requests import (
    LightningReceive,
    LightningSend,
    ReceiveStatus,
    SendStatus,
    UserRequests,
)
from exporter.network.parties.preimages import Lock, Preimages
from exporter.network.parties.ssp import ServiceProvider, denominations


@dataclass(frozen=True, slots=True)
class _Held:
    """A payment that waits: what was asked for, and the locks of both halves; ``expiry`` as the payer's lock has it."""

    send: LightningSend
    receive: LightningReceive
    paid: Lock
    received: Lock
    expiry: float


class HeldPayments:
    """The payments that wait for a preimage. Not thread-safe: one event loop owns them."""

    def __init__(self, provider: ServiceProvider, preimages: Preimages, requests: UserRequests) -> None:
        self._provider = provider
        self._preimages = preimages
        self._requests = requests
        self._ledger = provider.ledger
        self._held: dict[bytes, _Held] = {}  # by payment hash

    def __contains__(self, payment_hash: bytes) -> bool:
        return payment_hash in self._held

    def locks(self, transfer_id: str) -> bool:
        """Whether a payer's transfer waits for a preimage that the receiver has yet to show."""
        return any(held.paid.transfer_id == transfer_id for held in self._held.values())

    def hold(self, paid: Lock, send: LightningSend, receive: LightningReceive) -> None:
        """Lock new leaves for the receiver to the preimage that the payer's leaves are locked to."""
        expiry = self._ledger.transfer(paid.transfer_id).row.expiry
        inbound = self._provider.issue(
            bytes.fromhex(receive.receiver),
            denominations(send.sats),
            TransferType.PREIMAGE_SWAP,
            expiry=expiry,
            settled=False,
        )
        self._preimages.lock(inbound, paid.payment_hash)
        received = self._preimages.open_lock(inbound.row.id)
        self._held[paid.payment_hash] = _Held(send, receive, paid, received, expiry)

    def settle(self, payment_hash: bytes, preimage: bytes) -> None:
        """Settle the payer's half, as the receiver has shown the preimage; does nothing if no such payment waits."""
        held = self._held.pop(payment_hash, None)
        if held is None:
            return
        self._preimages.unlock(held.paid, preimage)
        self._ledger.redeem(held.paid.transfer_id)
        now = self._ledger.now()
        self._requests.put(
            replace(held.send, status=SendStatus.TRANSFER_COMPLETED, preimage=preimage.hex(), updated=now)
        )
        self._requests.put(
            replace(
                held.receive,
                sats=held.send.sats,
                transfer_id=held.received.transfer_id,
                status=ReceiveStatus.TRANSFER_COMPLETED,
                preimage=preimage.hex(),
                updated=now,
            )
        )

    def give_back_expired(self) -> None:
        """Give back what waited for its preimage in vain."""
        now = self._ledger.now()
        for payment_hash, held in list(self._held.items()):
            if held.expiry <= now:
                del self._held[payment_hash]
                self._preimages.retract(held.received)
                self._preimages.give_back(held.paid)
                self._requests.put(replace(held.send, status=SendStatus.USER_SWAP_RETURNED, updated=now))
