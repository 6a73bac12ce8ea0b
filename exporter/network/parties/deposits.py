"""Static deposit addresses: what wallets ask of the operators, and the deposits that came in.

An address pays to the user's signing key plus a key of the operators'. The provider gives leaves for its money and
takes the output; or the operators sign a refund with the user, who spends the output.
"""

from collections import defaultdict
from enum import IntEnum

from exporter.network.ledger import keys, transactions
from exporter.network.ledger.chain import Chain, Output
from exporter.network.ledger.errors import Invalid, NotAllowed, NotFound, NotReady
from exporter.network.parties.deposit_addresses import DepositAddress, check_request, make_address
from exporter.network.parties.messages import OperatorKeys
from exporter.network.parties.operators import check_own
from exporter.network.parties.signing import SharedKey, Signers
from exporter.network.proto import spark_pb2 as pb
from exporter.settings.network import CONFIRMATIONS

PAGE_SIZE = 100
_NETWORK = "regtest"


class Deposits:
    """All static addresses, and what the chain holds for them.

    Args:
        chain: where deposits come in.
        operators: who signs for an address.
        confirmations: from how many on a deposit is mature.
    """

    def __init__(self, chain: Chain, operators: OperatorKeys, confirmations: int = CONFIRMATIONS) -> None:
        self._chain = chain
        self._operators = operators
        self._confirmations = confirmations
        self._refunds: set[str] = set()  # transactions whose deposit is the wallet's to spend
        self._addresses: dict[str, DepositAddress] = {}
        self._of_identity: defaultdict[bytes, list[DepositAddress]] = defaultdict(list)

    def current(self, identity: bytes, signing_key: bytes) -> DepositAddress:
        """The last address made for these keys, or a first one; raises Invalid if one is no public key."""
        for address in reversed(self._of_identity.get(identity, ())):
            if address.signing_key == signing_key:
                return address
        return self.add(identity, signing_key)

    def add(self, identity: bytes, signing_key: bytes) -> DepositAddress:
        """A new address under a new key of the operators'; raises Invalid as `current` does."""
        address = make_address(self._operators, identity, signing_key)
        self._addresses[address.text] = address
        self._of_identity[identity].append(address)
        return address

    def of(self, identity: bytes) -> list[DepositAddress]:
        """All addresses of an identity, oldest first."""
        return list(self._of_identity.get(identity, ()))

    def find(self, txid: str, vout: int) -> tuple[Output, DepositAddress]:
        """A deposit and its address; raises NotFound."""
        output = self._chain.output(txid, vout)
        address = self._addresses.get(output.address)
        if address is None:
            raise NotFound(f"output {vout} of transaction {txid} is no deposit")
        return output, address

    def is_mature(self, output: Output) -> bool:
        return self._chain.confirmations(output) >= self._confirmations

    def refund(self, output: Output) -> None:
        """Leave a deposit to its wallet for good: it is credited no more."""
        self._refunds.add(output.txid)

    def is_refunded(self, output: Output) -> bool:
        return output.txid in self._refunds

    def take(self, output: Output) -> None:
        """Mark a deposit as claimed."""
        self._chain.spend(output)

    def outputs_of(self, identity: bytes, *, unclaimed_only: bool, limit: int, offset: int) -> list[Output]:
        """The deposits of an identity, oldest first."""
        texts = [address.text for address in self.of(identity)]
        return self._chain.paid_to(texts, unspent_only=unclaimed_only, limit=limit, offset=offset)

    def outputs_to(self, text: str, *, unclaimed_only: bool, limit: int, offset: int) -> list[Output]:
        """The deposits to one address, oldest first; raises NotFound if it was not made here."""
        if text not in self._addresses:
            raise NotFound(f"{text!r} is no deposit address")
        return self._chain.paid_to([text], unspent_only=unclaimed_only, limit=limit, offset=offset)


class DepositService:
    """The part of `spark.SparkService` that is about static deposits."""

    def __init__(self, deposits: Deposits, signers: Signers) -> None:
        self._deposits = deposits
        self._signers = signers

    async def initiate_static_deposit_utxo_refund(
        self, request: pb.InitiateStaticDepositUtxoRefundRequest, caller: bytes
    ) -> pb.InitiateStaticDepositUtxoRefundResponse:
        utxo, job = request.on_chain_utxo, request.refund_tx_signing_job
        output, address = self._deposits.find(utxo.txid.hex(), utxo.vout)
        if address.identity != caller or address.signing_key != job.signing_public_key:
            raise NotAllowed("the deposit is not the caller's")
        if output.spent:
            raise NotReady(f"output {utxo.vout} of transaction {output.txid} is spent")
        try:
            refund = transactions.parse(job.raw_tx)
        except ValueError as error:
            raise Invalid(f"the refund is {error}") from error
        if (refund.spent_txid[::-1].hex(), refund.spent_vout, refund.others) != (output.txid, utxo.vout, ()):
            raise Invalid("the refund spends another output than the deposit")
        message = transactions.sighash(job.raw_tx, ((output.sats, keys.taproot_script(address.verifying_key)),))
        statement = statement_of(output.txid, utxo.vout, StatementKind.REFUND, refund.value, message)
        if not keys.verify(caller, request.user_signature, statement):
            raise Invalid("the refund is not signed by the deposit's owner")
        key = SharedKey(address.verifying_key, address.signing_key, address.shares)
        result = self._signers.sign_first(key, message, job.signing_nonce_commitment)
        self._deposits.refund(output)
        return pb.InitiateStaticDepositUtxoRefundResponse(
            refund_tx_signing_result=result, deposit_address=address.query_result
        )

    async def generate_static_deposit_address(
        self, request: pb.GenerateStaticDepositAddressRequest, caller: bytes
    ) -> pb.GenerateStaticDepositAddressResponse:
        check_own(request.identity_public_key, caller)
        check_request(request)
        address = self._deposits.current(caller, request.signing_public_key)
        return pb.GenerateStaticDepositAddressResponse(deposit_address=address.message)

    async def rotate_static_deposit_address(
        self, request: pb.RotateStaticDepositAddressRequest, caller: bytes
    ) -> pb.RotateStaticDepositAddressResponse:
        check_request(request)
        archived = self._deposits.current(caller, request.signing_public_key)
        new = self._deposits.add(caller, request.signing_public_key)
        return pb.RotateStaticDepositAddressResponse(
            new_deposit_address=new.message, archived_deposit_address=archived.message
        )

    async def query_static_deposit_addresses(
        self, request: pb.QueryStaticDepositAddressesRequest, caller: bytes
    ) -> pb.QueryStaticDepositAddressesResponse:
        wanted = request.deposit_address
        found = [each for each in self._deposits.of(request.identity_public_key) if wanted in ("", each.text)]
        limit = request.limit if request.limit > 0 else PAGE_SIZE
        offset = max(request.offset, 0)
        page = found[offset : offset + limit]
        return pb.QueryStaticDepositAddressesResponse(deposit_addresses=[each.query_result for each in page])

    async def get_utxos_for_address(
        self, request: pb.GetUtxosForAddressRequest, caller: bytes
    ) -> pb.GetUtxosForAddressResponse:
        size = min(request.limit or PAGE_SIZE, PAGE_SIZE)
        outputs = self._deposits.outputs_to(
            request.address, unclaimed_only=request.exclude_claimed, limit=size, offset=request.offset
        )
        utxos = [_utxo(output) for output in outputs if self._deposits.is_mature(output)]
        return pb.GetUtxosForAddressResponse(utxos=utxos, offset=request.offset + len(outputs))

    async def get_utxos_for_identity(
        self, request: pb.GetUtxosForIdentityRequest, caller: bytes
    ) -> pb.GetUtxosForIdentityResponse:
        size = min(request.page.page_size or PAGE_SIZE, PAGE_SIZE)
        start = _offset(request.page.cursor)
        outputs = self._deposits.outputs_of(
            request.identity_public_key, unclaimed_only=request.exclude_claimed, limit=size + 1, offset=start
        )
        more = len(outputs) > size
        utxos = [
            pb.AddressedUtxo(
                address=output.address,
                utxo=_utxo(output),
                is_confirmed=self._deposits.is_mature(output),
            )
            for output in outputs[:size]
            if request.include_pending or self._deposits.is_mature(output)
        ]
        page = pb.PageResponse(
            has_next_page=more, has_previous_page=start > 0, next_cursor=str(start + size) if more else ""
        )
        return pb.GetUtxosForIdentityResponse(utxos=utxos, page=page)


class StatementKind(IntEnum):
    """What a wallet says of a deposit; the numbers are the protocol's."""

    FIXED_AMOUNT = 0
    REFUND = 2


def statement_of(txid: str, vout: int, kind: StatementKind, sats: int, payload: bytes) -> bytes:
    """What a wallet signs for a deposit to be credited, or refunded."""
    head = f"claim_static_deposit{_NETWORK}{txid}".encode() + vout.to_bytes(4, "little")
    return head + bytes([kind]) + sats.to_bytes(8, "little") + payload


def _utxo(output: Output) -> pb.UTXO:
    return pb.UTXO(raw_tx=output.raw, vout=0, network=pb.REGTEST, txid=bytes.fromhex(output.txid))


_LONGEST_CURSOR = 18  # digits: what the store can count to


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > _LONGEST_CURSOR:
        raise Invalid(f"{cursor!r} is not a cursor of this service's")
    return int(cursor)
