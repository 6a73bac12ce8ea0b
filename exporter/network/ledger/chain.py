"""The Bitcoin of the local network: blocks that pass with time, and the payments in them.

Nobody mines: a payment comes from nowhere and is in a block of its own at once. What wallets broadcast is checked.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from embit.networks import NETWORKS
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

from exporter.network.ledger import addresses, keys, transactions
from exporter.network.ledger.archive import Archive
from exporter.network.ledger.errors import Invalid, NotFound, NotReady
from exporter.settings.network import BLOCK_SECONDS

START_HEIGHT = 100
_TAPROOT = b"\x51\x20"

_SCHEMA = """
CREATE TABLE outputs (
    txid TEXT PRIMARY KEY, address TEXT NOT NULL, sats INTEGER NOT NULL, height INTEGER NOT NULL,
    mined REAL NOT NULL, raw BLOB NOT NULL, spent INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX unspent ON outputs (address) WHERE NOT spent;
CREATE INDEX paid ON outputs (address);
"""


@dataclass(frozen=True, slots=True)
class Output:
    """The only output of a transaction: the ids and numbers as explorers show them, ``mined`` in seconds."""

    txid: str
    address: str
    sats: int
    height: int
    mined: float
    raw: bytes
    spent: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A payment that is in no block yet."""

    txid: str
    address: str
    sats: int
    raw: bytes


def draft(address: str, sats: int, *more: TransactionOutput) -> Draft:
    """A payment to an address, and to more outputs; raises Invalid if it is no segwit address of this network."""
    script = Script(addresses.bitcoin_script(address))
    source = TransactionInput(secrets.token_bytes(32), 0)
    transaction = Transaction(version=2, vin=[source], vout=[TransactionOutput(sats, script), *more])
    return Draft(transaction.txid().hex(), address, sats, bytes(transaction.serialize()))


class Chain:
    """The chain. Not thread-safe: one event loop owns it.

    Args:
        archive: where the payments go.
        block_seconds: a block comes as often, and one more with each payment.
        now: the clock, in seconds since the epoch.
    """

    def __init__(
        self, archive: Archive, block_seconds: float = BLOCK_SECONDS, now: Callable[[], float] = time.time
    ) -> None:
        self._db = archive.open_table(_SCHEMA)
        self._block_seconds = block_seconds
        self._now = now
        self._born = now()
        self._payments = 0

    @property
    def height(self) -> int:
        """The height of the last block."""
        return START_HEIGHT + self._payments + int((self._now() - self._born) / self._block_seconds)

    def confirmations(self, output: Output) -> int:
        """How many blocks hold a payment or follow it."""
        return self.height - output.height + 1

    def pay(self, address: str, sats: int) -> Output:
        """Pay an address, in a block of its own; raises Invalid if it is no segwit address of this network."""
        return self.mine(draft(address, sats))

    def mine(self, payment: Draft) -> Output:
        """Put a payment into a block of its own."""
        self._payments += 1
        output = Output(
            txid=payment.txid,
            address=payment.address.lower(),
            sats=payment.sats,
            height=self.height,
            mined=self._now(),
            raw=payment.raw,
            spent=False,
        )
        values = (output.txid, output.address, output.sats, output.height, output.mined, output.raw)
        self._db.execute("INSERT INTO outputs VALUES (?, ?, ?, ?, ?, ?, 0)", values)
        return output

    def broadcast(self, raw: bytes) -> Output:
        """Put a signed transaction into a block of its own: one that spends an output by its taproot key.

        Raises:
            Invalid: it is no such transaction, spends too much, or is not signed by the output's key.
            NotFound: there is no such output.
            NotReady: it is spent.
        """
        try:
            transaction = Transaction.parse(raw)
            (source,), (paid, *_) = transaction.vin, transaction.vout
            (signature,) = source.witness.items
            address = paid.script_pubkey.address(NETWORKS["regtest"])
        except Exception as error:  # the library raises bare exceptions of several kinds
            raise Invalid("want a transaction with one input, signed by one key, and an address to pay") from error
        spent = self.output(source.txid.hex(), source.vout)
        if spent.spent:
            raise NotReady(f"output {source.vout} of transaction {spent.txid} is spent")
        script = addresses.bitcoin_script(spent.address)
        digest = transactions.sighash(raw, ((spent.sats, script),))
        if sum(output.value for output in transaction.vout) > spent.sats:
            raise Invalid("the transaction pays more than it spends")
        if not script.startswith(_TAPROOT) or not keys.verify_schnorr(script[2:], signature, digest):
            raise Invalid("the transaction is not signed by the key of the output that it spends")
        self.spend(spent)
        return self.mine(Draft(transaction.txid().hex(), address, paid.value, raw))

    def output(self, txid: str, vout: int = 0) -> Output:
        """The output of a transaction; raises NotFound."""
        found = self._select("txid = ?", [txid.lower()])
        if not found or vout != 0:
            raise NotFound(f"there is no transaction {txid} with an output {vout}")
        return found[0]

    def spend(self, output: Output) -> None:
        """Take an output out of what is unspent."""
        self._db.execute("UPDATE outputs SET spent = 1 WHERE txid = ?", (output.txid,))

    def paid_to(self, paid: Collection[str], *, unspent_only: bool, limit: int = -1, offset: int = 0) -> list[Output]:
        """The outputs that pay to some addresses, oldest first; all of them without a limit."""
        where = f"address IN ({','.join('?' * len(paid))}){' AND NOT spent' * unspent_only}"
        return self._select(f"{where} ORDER BY height, txid LIMIT ? OFFSET ?", [*paid, limit, offset])

    def _select(self, tail: str, values: list[str | int]) -> list[Output]:
        rows = self._db.execute(f"SELECT * FROM outputs WHERE {tail}", values)  # noqa: S608
        return [
            Output(txid, address, sats, height, mined, raw, bool(spent))
            for txid, address, sats, height, mined, raw, spent in rows
        ]


def block_hash(height: int) -> str:
    """A stand-in for the hash of the block at a height."""
    return hashlib.sha256(f"block {height}".encode()).hexdigest()
