"""The provider's Lightning: invoices for wallets, and payments of them from wallet to wallet.

There is no other node: only invoices that this provider made can be paid. A payment has two halves, leaves
locked to the preimage by the payer and new leaves for the receiver, and happens whole or not at all.
"""

import uuid
from dataclasses import dataclass, replace

from exporter.network.ledger import invoices
from exporter.network.ledger.archive import Filter
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound
from exporter.network.ledger.invoices import Invoice
from exporter.network.ledger.leaves import TransferStatus, TransferType
from exporter.network.ledger.user_requests import (
    LightningReceive,
    LightningSend,
    ReceiveStatus,
    SendStatus,
    UserRequests,
)
from exporter.network.parties.held_payments import HeldPayments
from exporter.network.parties.preimages import Lock, Preimages
from exporter.network.parties.ssp import ServiceProvider, denominations

FEE_BASE_SATS = 2
FEE_PER_MILLE = 2
MAX_EXPIRY_SECONDS = 365 * 24 * 3600
UNASKED_SECONDS = 60.0  # after which the provider gives back what it was sent but not asked to pay for
_LOCK_SECONDS = 16 * 24 * 3600


@dataclass(frozen=True, slots=True)
class InvoiceWish:
    """What an invoice shall say. ``sats`` is 0 where the payer chooses, ``receiver`` an identity key."""

    receiver: bytes
    payment_hash: bytes
    sats: int
    expiry_seconds: int
    memo: str | None = None
    memo_hash: bytes | None = None
    with_spark_hint: bool = False
    spark_invoice: str | None = None


def fee(sats: int) -> int:
    """What the provider takes for a payment, in sats: a base and a part, rounded up."""
    return FEE_BASE_SATS - (-sats * FEE_PER_MILLE // 1000)


class Lightning:
    """Invoices and payments of one provider."""

    def __init__(self, provider: ServiceProvider, preimages: Preimages, requests: UserRequests) -> None:
        self._provider = provider
        self._preimages = preimages
        self._requests = requests
        self._ledger = provider.ledger
        self.held = HeldPayments(provider, preimages, requests)

    def receive(self, caller: bytes, wish: InvoiceWish) -> LightningReceive:
        """Make an invoice.

        Raises:
            Invalid: a value in it is out of range.
            Exists: there is one for this payment hash.
        """
        if len(wish.payment_hash) != 32 or wish.sats < 0 or not 0 < wish.expiry_seconds <= MAX_EXPIRY_SECONDS:
            raise Invalid(f"want a hash of 32 bytes, an amount, an expiry from 1 to {MAX_EXPIRY_SECONDS} s")
        if self._requests.receive(wish.payment_hash.hex()) is not None:
            raise Exists("there is an invoice for this payment hash")
        now = self._ledger.now()
        invoice = Invoice(
            payment_hash=wish.payment_hash,
            sats=wish.sats or None,
            created=int(now),
            expiry_seconds=wish.expiry_seconds,
            memo=wish.memo,
            memo_hash=wish.memo_hash,
            spark_identity=wish.receiver if wish.with_spark_hint else None,
            spark_invoice=wish.spark_invoice,
        )
        request = LightningReceive(
            owner=caller.hex(),
            sats=wish.sats,
            created=now,
            updated=now,
            transfer_id=None,
            receiver=wish.receiver.hex(),
            invoice=invoices.encode(invoice, self._provider.secret),
            payment_hash=wish.payment_hash.hex(),
            memo=wish.memo,
            expires=invoice.expires,
        )
        self._requests.put(request)
        return request

    def fee_estimate(self, text: str, sats: int | None) -> int:
        """The fee for paying an invoice, in sats; raises Invalid if it is none, or without an amount."""
        return fee(_amount(invoices.decode(text), sats))

    def send(
        self, caller: bytes, text: str, sats: int | None, transfer_id: str, idempotency_key: str | None = None
    ) -> LightningSend:
        """Pay an invoice from a transfer locked to its preimage, or give the transfer's leaves back.

        Raises:
            NotFound: no such transfer waits for its preimage.
            NotAllowed: it is not the caller's to this provider.
            Invalid: the invoice is none, or has another payment hash; the leaves are given back.
        """
        for known in self._requests.of_transfers([transfer_id]):
            if isinstance(known, LightningSend) and known.owner == caller.hex() and known.invoice == text:
                return known  # asked again, since an answer was lost
        lock = self._preimages.open_lock(transfer_id)
        if (lock.sender, lock.receiver) != (caller, self._provider.identity):
            raise NotAllowed(f"transfer {transfer_id} is not the caller's to this provider")
        try:
            invoice = invoices.decode(text)
            amount = _amount(invoice, sats)
            if invoice.payment_hash != lock.payment_hash:
                raise Invalid("the transfer is locked to another payment hash")
        except Invalid:
            self._preimages.give_back(lock)
            raise
        now = self._ledger.now()
        request = LightningSend(
            owner=caller.hex(),
            sats=amount,
            created=now,
            updated=now,
            transfer_id=transfer_id,
            invoice=text,
            fee_sats=fee(amount),
            idempotency_key=idempotency_key or str(uuid.uuid4()),
            status=SendStatus.LIGHTNING_PAYMENT_INITIATED,
        )
        request = self._pay(lock, request, self._payable(lock, invoice, amount))
        self._requests.put(request)
        return request

    def _pay(self, lock: Lock, request: LightningSend, receive: LightningReceive | None) -> LightningSend:
        """Pay at once, hold, or give the leaves back: the request as it is then."""
        if receive is None:
            self._preimages.give_back(lock)
            return replace(request, status=SendStatus.USER_SWAP_RETURNED)
        preimage = self._preimages.stored(lock.payment_hash)
        if preimage is None:  # the receiver keeps it
            self.held.hold(lock, request, receive)
            return request
        self._settle(lock, preimage, receive, request.sats)
        return replace(request, status=SendStatus.TRANSFER_COMPLETED, preimage=preimage.hex())

    def _payable(self, lock: Lock, invoice: Invoice, amount: int) -> LightningReceive | None:
        """The request that made an invoice, if it can be paid now by this transfer."""
        request = self._requests.receive(invoice.payment_hash.hex())
        made_here = request is not None and invoices.decode(request.invoice) == invoice
        if request is None or not made_here or request.status != ReceiveStatus.INVOICE_CREATED:
            return None
        if lock.payment_hash in self.held or invoice.expires <= self._ledger.now() or amount < (invoice.sats or 1):
            return None
        paid = self._ledger.transfer(lock.transfer_id).row.value
        return request if paid == amount + fee(amount) else None

    def _settle(self, lock: Lock, preimage: bytes, receive: LightningReceive, amount: int) -> None:
        """Move the money both ways."""
        self._preimages.unlock(lock, preimage)
        self._ledger.redeem(lock.transfer_id)
        expiry = self._ledger.now() + _LOCK_SECONDS
        inbound = self._provider.issue(
            bytes.fromhex(receive.receiver), denominations(amount), TransferType.PREIMAGE_SWAP, expiry=expiry
        )
        self._preimages.lock(inbound, lock.payment_hash, preimage)
        paid = replace(
            receive,
            sats=amount,
            updated=self._ledger.now(),
            transfer_id=inbound.row.id,
            status=ReceiveStatus.TRANSFER_COMPLETED,
            preimage=preimage.hex(),
        )
        self._requests.put(paid)
        self._provider.announce(inbound)

    def give_back_unasked(self) -> None:
        """Give back what was locked for this provider by wallets that then never asked for anything."""
        unasked_since = self._ledger.now() - UNASKED_SECONDS
        wanted = Filter(
            participant=self._provider.identity,
            as_sender=False,
            statuses=[TransferStatus.SENDER_KEY_TWEAK_PENDING],
            created_before=unasked_since,
        )
        for transfer in self._ledger.pending(wanted):
            if self.held.locks(transfer.row.id):
                continue
            try:
                self._preimages.give_back(self._preimages.open_lock(transfer.row.id))
            except NotFound:  # the first half of a leaf swap
                self._provider.give_back_swap(transfer.row.id, unasked_since)


def _amount(invoice: Invoice, sats: int | None) -> int:
    amount = sats or invoice.sats
    if not amount or amount < 0:
        raise Invalid("the invoice has no amount: say how many sats to pay")
    return amount
