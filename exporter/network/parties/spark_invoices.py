"""What became of Spark invoices: which transfer, of sats or of tokens, pays them."""

import uuid

from exporter.network.ledger.archive import TransferRow
from exporter.network.ledger.leaves import TransferStatus
from exporter.network.ledger.ledger import Ledger
from exporter.network.ledger.tokens import TokenLedger
from exporter.network.parties.operators import page_limit
from exporter.network.proto import spark_pb2 as pb

_UNFINISHED = {TransferStatus.SENDER_KEY_TWEAK_PENDING: pb.PENDING, TransferStatus.RETURNED: pb.RETURNED}


class SparkInvoiceService:
    """The part of `spark.SparkService` that tells whether Spark invoices are paid."""

    def __init__(self, ledger: Ledger, tokens: TokenLedger) -> None:
        self._ledger = ledger
        self._tokens = tokens

    async def query_spark_invoices(
        self, request: pb.QuerySparkInvoicesRequest, caller: bytes
    ) -> pb.QuerySparkInvoicesResponse:
        limit, offset = page_limit(request.limit), max(request.offset, 0)
        statuses = map(self._status, request.invoice[offset : offset + limit])
        following = offset + limit if len(request.invoice) > offset + limit else -1
        return pb.QuerySparkInvoicesResponse(invoice_statuses=statuses, offset=following)

    def _status(self, invoice: str) -> pb.InvoiceResponse:
        by_tokens = self._tokens.invoice_transaction(invoice)
        if by_tokens is not None:
            paid = pb.TokenTransfer(final_token_transaction_hash=by_tokens)
            return pb.InvoiceResponse(invoice=invoice, status=pb.FINALIZED, token_transfer=paid)
        by_sats = self._ledger.invoice_transfer(invoice)
        if by_sats is None:
            return pb.InvoiceResponse(invoice=invoice, status=pb.NOT_FOUND)
        return _paid_in_sats(invoice, by_sats)


def _paid_in_sats(invoice: str, transfer: TransferRow) -> pb.InvoiceResponse:
    status = _UNFINISHED.get(TransferStatus(transfer.status), pb.FINALIZED)
    paid = pb.SatsTransfer(transfer_id=uuid.UUID(transfer.id).bytes)
    return pb.InvoiceResponse(invoice=invoice, status=status, sats_transfer=paid)
