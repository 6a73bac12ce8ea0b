"""Withdrawals: a wallet gives its leaves up for a payment on the chain (Spark calls it a cooperative exit).

The provider drafts the payment, and a transaction with an output for every leaf, the connectors, that spends from it.
The wallet signs refunds to the provider that spend a connector each: they are good only if the payment is on the chain.
Then the provider broadcasts it and redeems the leaves. What is drafted and not completed goes back to the wallet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

from exporter.network.ledger import keys, transactions
from exporter.network.ledger.chain import Chain, Draft, draft
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound
from exporter.network.ledger.leaves import TransferType
from exporter.network.ledger.user_requests import ExitStatus, UserRequests, Withdrawal
from exporter.network.parties import messages
from exporter.network.parties.operators import SparkService, check_uuid
from exporter.network.parties.ssp import ServiceProvider
from exporter.network.proto import spark_pb2 as pb

USER_FEE_SATS = 50
BROADCAST_FEE_SATS = {"FAST": 400, "MEDIUM": 300, "SLOW": 200}
EXPIRY_SECONDS = 600
_CONNECTOR_SATS = 330  # no less is relayed to a taproot output


@dataclass(frozen=True, slots=True)
class ExitWish:
    """What a wallet wants to withdraw: the leaves whose value it gets, and those that pay the fee.

    Without leaves for the fee it is taken from what is withdrawn.
    """

    leaf_ids: Sequence[str]
    fee_leaf_ids: Sequence[str]
    address: str
    speed: str
    transfer_id: str


def fee(speed: str) -> int:
    """What a withdrawal costs, in sats; raises Invalid for no speed."""
    if speed not in BROADCAST_FEE_SATS:
        raise Invalid(f"there is no speed {speed!r}")
    return USER_FEE_SATS + BROADCAST_FEE_SATS[speed]


class Withdrawals:
    """The withdrawals of one provider."""

    def __init__(self, provider: ServiceProvider, chain: Chain, requests: UserRequests) -> None:
        self._provider = provider
        self._chain = chain
        self._requests = requests
        self._ledger = provider.ledger

    def now(self) -> float:
        return self._ledger.now()

    def value(self, caller: bytes, leaf_ids: Sequence[str]) -> int:
        """Sats in leaves of the caller's; raises NotFound, NotAllowed or Invalid."""
        leaves = [self._ledger.leaf(leaf_id) for leaf_id in leaf_ids]
        if any(leaf.owner != caller for leaf in leaves):
            raise NotAllowed("a leaf is not the caller's")
        if not leaves or len({leaf.id for leaf in leaves}) != len(leaves):
            raise Invalid("want at least one leaf, and none twice")
        return sum(leaf.value for leaf in leaves)

    def request(self, caller: bytes, wish: ExitWish) -> Withdrawal:
        """Draft the payment and its connectors.

        Raises:
            Exists: there is a request with this transfer.
            NotFound, NotAllowed: a leaf is none of the caller's.
            Invalid: there are no leaves, they don't pay the fee, or an address, a speed or an id is none.
        """
        check_uuid(wish.transfer_id)
        if self._requests.of_transfers([wish.transfer_id]):
            raise Exists(f"something was asked for with transfer {wish.transfer_id}")
        charged, total = fee(wish.speed), self.value(caller, [*wish.leaf_ids, *wish.fee_leaf_ids])
        if wish.fee_leaf_ids and self.value(caller, wish.fee_leaf_ids) != charged:
            raise Invalid(f"the leaves for the fee don't hold the {charged} sats that it is")
        if total <= charged:
            raise Invalid(f"{total} sats don't pay the fee of {charged}")
        leaf_ids = [*wish.leaf_ids, *wish.fee_leaf_ids]
        script = Script(keys.taproot_script(self._provider.identity))
        outputs = [TransactionOutput(_CONNECTOR_SATS, script) for _ in range(len(leaf_ids) + 1)]
        payment = draft(wish.address, total - charged, TransactionOutput(_CONNECTOR_SATS * len(outputs), script))
        connector = Transaction(version=3, vin=[TransactionInput(bytes.fromhex(payment.txid), 1)], vout=outputs)
        now = self._ledger.now()
        withdrawal = Withdrawal(
            owner=caller.hex(),
            sats=payment.sats,
            created=now,
            updated=now,
            transfer_id=wish.transfer_id,
            address=wish.address,
            speed=wish.speed,
            user_fee_sats=USER_FEE_SATS,
            broadcast_fee_sats=BROADCAST_FEE_SATS[wish.speed],
            leaf_ids=leaf_ids,
            txid=payment.txid,
            exit_transaction=payment.raw.hex(),
            connector_transaction=connector.serialize().hex(),
            expires=now + EXPIRY_SECONDS,
        )
        self._requests.put(withdrawal)
        return withdrawal

    def complete(self, caller: bytes, transfer_id: str) -> Withdrawal:
        """Broadcast the payment for a transfer of its leaves, and redeem them.

        Raises:
            NotFound: the caller has asked for no such withdrawal, or has sent no transfer.
            NotReady: the transfer was given back.
            Invalid: the transfer is not of the leaves, or not bound to the payment.
        """
        known = next(iter(self._requests.of_transfers([transfer_id])), None)
        if not isinstance(known, Withdrawal) or known.owner != caller.hex():
            raise NotFound(f"no withdrawal was asked for with transfer {transfer_id}")
        if known.status == ExitStatus.SUCCEEDED:
            return known  # asked again, since an answer was lost
        transfer = self._ledger.transfer(transfer_id)
        connector = transactions.parse(bytes.fromhex(known.connector_transaction)).txid
        bound = {txid for part in transfer.sent for txid, _ in transactions.parse(part.refunds.cpfp).others}
        if transfer.row.type != TransferType.COOPERATIVE_EXIT or set(transfer.row.leaf_ids) != set(known.leaf_ids):
            raise Invalid(f"transfer {transfer_id} is not of the leaves that are withdrawn")
        if bound != {connector}:
            raise Invalid(f"transfer {transfer_id} is not bound to the payment")
        self._ledger.settle(transfer_id)
        self._ledger.redeem(transfer_id)
        self._chain.mine(Draft(known.txid, known.address, known.sats, bytes.fromhex(known.exit_transaction)))
        done = replace(known, status=ExitStatus.SUCCEEDED, updated=self._ledger.now())
        self._requests.put(done)
        return done


class ExitService:
    """The part of `spark.SparkService` that is about withdrawals."""

    def __init__(self, service: SparkService) -> None:
        self._service = service

    async def cooperative_exit_v2(
        self, request: pb.CooperativeExitRequest, caller: bytes
    ) -> pb.CooperativeExitResponse:
        try:
            connector = transactions.parse(request.connector_tx)
            jobs = request.transfer.transfer_package.leaves_to_send
            spent = {job.leaf_id: transactions.parse(job.raw_tx).others for job in jobs}
        except ValueError as error:
            raise Invalid(f"a transaction is {error}") from error
        if connector.spent_txid not in (request.exit_txid, request.exit_txid[::-1]):  # wallets send either order
            raise Invalid("the connectors don't spend the exit")
        there = {(connector.txid, number) for number in range(connector.outputs)}
        if any(len(others) != 1 or others[0] not in there for others in spent.values()):
            raise Invalid("a refund does not spend one of the connectors")
        connectors = {leaf_id: others[0] for leaf_id, others in spent.items()}
        if len(set(connectors.values())) != len(connectors):
            raise Invalid("two refunds spend the same connector")
        transfer = self._service.start(request.transfer, caller, TransferType.COOPERATIVE_EXIT, connectors=connectors)
        return pb.CooperativeExitResponse(transfer=messages.transfer(self._service.ledger, transfer))
