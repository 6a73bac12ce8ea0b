"""The provider's side of static deposits: it quotes leaves for a deposit and takes the deposit for them."""

from dataclasses import dataclass

from exporter.network.ledger import keys
from exporter.network.ledger.chain import Output
from exporter.network.ledger.errors import Invalid, NotAllowed, NotReady
from exporter.network.ledger.leaves import TransferType
from exporter.network.ledger.user_requests import DepositClaim, UserRequests
from exporter.network.parties.deposit_addresses import DepositAddress
from exporter.network.parties.deposits import Deposits, StatementKind, statement_of
from exporter.network.parties.ssp import ServiceProvider, denominations


@dataclass(frozen=True, slots=True)
class Quote:
    """What the provider credits for a deposit, in sats: all of it. The signature is DER."""

    txid: str
    vout: int
    sats: int
    signature: bytes


class DepositClaims:
    """Quotes and claims of one provider."""

    def __init__(self, provider: ServiceProvider, deposits: Deposits, requests: UserRequests) -> None:
        self._provider = provider
        self._deposits = deposits
        self._requests = requests

    def quote(self, caller: bytes, txid: str, vout: int) -> Quote:
        """An offer for a deposit.

        Raises:
            NotFound: there is no such deposit.
            NotAllowed: it is not the caller's.
            NotReady: it is not mature yet, or claimed.
        """
        output, _ = self._claimable(caller, txid, vout)
        return self._quote(output)

    def claim(
        self, caller: bytes, quote: Quote, user_signature: bytes, deposit_secret: bytes, *, encrypted: bool
    ) -> DepositClaim:
        """Send leaves for a deposit.

        Raises:
            NotFound, NotAllowed, NotReady: as `quote`.
            Invalid: the quote is not this provider's, the user didn't sign for it, or the key is another one's.
        """
        output, address = self._claimable(caller, quote.txid, quote.vout)
        if quote != self._quote(output):
            raise Invalid("the quote is not this provider's")
        if not keys.verify(caller, user_signature, user_statement(quote)):
            raise Invalid("the claim is not signed by the deposit's owner")
        try:
            secret = keys.decrypt(self._provider.secret, deposit_secret) if encrypted else deposit_secret
            fits = keys.public_key(int.from_bytes(secret, "big")) == address.signing_key
        except ValueError:
            fits = False
        if not fits:
            raise Invalid("the secret key is not that of the deposit's address")
        self._deposits.take(output)
        transfer = self._provider.issue(caller, denominations(output.sats), TransferType.UTXO_SWAP)
        claim = DepositClaim(
            owner=caller.hex(),
            sats=output.sats,
            created=transfer.row.created,
            updated=transfer.row.updated,
            transfer_id=transfer.row.id,
            txid=output.txid,
            vout=quote.vout,
        )
        self._requests.put(claim)
        self._provider.announce(transfer)
        return claim

    def _claimable(self, caller: bytes, txid: str, vout: int) -> tuple[Output, DepositAddress]:
        output, address = self._deposits.find(txid, vout)
        if address.identity != caller:
            raise NotAllowed("the deposit is not the caller's")
        if output.spent:
            raise NotReady(f"output {vout} of transaction {txid} was claimed before")
        if self._deposits.is_refunded(output):
            raise NotReady(f"output {vout} of transaction {txid} is refunded to its owner")
        if not self._deposits.is_mature(output):
            raise NotReady(f"transaction {txid} has too few confirmations")
        return output, address

    def _quote(self, output: Output) -> Quote:
        offer = f"static deposit quote {output.txid} 0 {output.sats}".encode()
        return Quote(output.txid, 0, output.sats, keys.sign(self._provider.secret, offer))


def user_statement(quote: Quote) -> bytes:
    """What a wallet signs to accept a quote."""
    return statement_of(quote.txid, quote.vout, StatementKind.FIXED_AMOUNT, quote.sats, quote.signature)
