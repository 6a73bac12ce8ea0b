"""What is known of tokens: which there are, who holds how much of each, and every transaction that made it so.

All of it is in the archive's file, so tokens take no memory.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.network.ledger.archive import Archive
from exporter.network.ledger.errors import NotFound

_SCHEMA = """
CREATE TABLE tokens (
    id BLOB PRIMARY KEY, issuer BLOB NOT NULL, name TEXT NOT NULL, ticker TEXT NOT NULL, decimals INTEGER NOT NULL,
    max_supply BLOB NOT NULL, is_freezable INTEGER NOT NULL, extra BLOB, creator BLOB NOT NULL, minted BLOB NOT NULL
);
CREATE INDEX token_issuers ON tokens (issuer);
CREATE TABLE token_transactions (
    seq INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, draft_hash BLOB NOT NULL UNIQUE, message BLOB NOT NULL
);
CREATE TABLE token_outputs (
    seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, vout INTEGER NOT NULL, id TEXT NOT NULL, owner BLOB NOT NULL,
    token BLOB NOT NULL, amount BLOB NOT NULL, is_spent INTEGER NOT NULL DEFAULT 0, UNIQUE (hash, vout)
);
CREATE INDEX token_holdings ON token_outputs (owner, seq) WHERE is_spent = 0;
CREATE TABLE token_mentions (name BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (name, seq)) WITHOUT ROWID;
CREATE TABLE token_freezes (
    token BLOB NOT NULL, owner BLOB NOT NULL, is_frozen INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (token, owner)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Token:
    """What is said of a token as it is created. A ``max_supply`` of 0 is no limit but `MAX_AMOUNT`."""

    id: bytes
    issuer: bytes
    name: str
    ticker: str
    decimals: int
    max_supply: int
    is_freezable: bool
    extra: bytes | None
    creator: bytes


@dataclass(frozen=True, slots=True)
class Outpoint:
    """Where an output is: its transaction's hash, and its number there."""

    hash: bytes
    vout: int


@dataclass(frozen=True, slots=True)
class Output:
    """An amount of a token, and whose it is; wallets call it by its ``id``."""

    id: str
    owner: bytes
    token: bytes
    amount: int


@dataclass(frozen=True, slots=True)
class TokenTransaction:
    """One that creates a token, mints some of one, or spends outputs: exactly one of the three.

    ``draft_hash`` is of what the wallet has asked for, ``hash`` of what the operators have made of it, ``message`` that
    as queries answer it.
    """

    hash: bytes
    draft_hash: bytes
    created: Token | None
    minted: bytes | None
    spent: tuple[Outpoint, ...]
    outputs: tuple[Output, ...]
    invoices: tuple[str, ...]
    message: bytes

    @property
    def tokens(self) -> list[bytes]:
        """The ids of the tokens that it is about."""
        return [self.created.id] if self.created else sorted({output.token for output in self.outputs})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which transactions to list: those that have one of each collection that is not empty."""

    hashes: Collection[bytes] = ()
    owners: Collection[bytes] = ()
    issuers: Collection[bytes] = ()
    tokens: Collection[bytes] = ()
    output_ids: Collection[str] = ()


class TokenBooks:
    """All tokens, to be read; `TokenLedger` changes them. Not thread-safe: one event loop owns it."""

    def __init__(self, archive: Archive) -> None:
        self._db = archive.open_table(_SCHEMA)

    def token(self, token_id: bytes) -> Token:
        """A token by id; raises NotFound."""
        for found in self.tokens([token_id]):
            return found
        raise NotFound(f"there is no token {token_id.hex()}")

    def tokens(self, ids: Collection[bytes] = (), issuers: Collection[bytes] = ()) -> list[Token]:
        """The tokens of these ids, and those of these issuers."""
        rows = self._db.execute(
            f"SELECT {','.join(Token.__slots__)} FROM tokens"  # noqa: S608
            f" WHERE id IN ({marks(ids)}) OR issuer IN ({marks(issuers)}) ORDER BY rowid",
            [*ids, *issuers],
        )
        return [_token(row) for row in rows]

    def minted(self, token_id: bytes) -> int:
        """How much of a token was ever minted, what is burnt by now included."""
        row = self._db.execute("SELECT minted FROM tokens WHERE id = ?", (token_id,)).fetchone()
        return int.from_bytes(row[0], "big")

    def output(self, outpoint: Outpoint) -> Output:
        """An output, spent or not; raises NotFound."""
        row = self._db.execute(
            "SELECT id, owner, token, amount FROM token_outputs WHERE hash = ? AND vout = ?",
            (outpoint.hash, outpoint.vout),
        ).fetchone()
        if row is None:
            raise NotFound(f"there is no token output {outpoint.hash.hex()}:{outpoint.vout}")
        return _output(row)

    def unspent(
        self, owners: Collection[bytes], tokens: Collection[bytes] = (), after: int = 0, limit: int = -1
    ) -> Iterator[tuple[int, Outpoint, Output]]:
        """What owners hold of these tokens, or of all: each with its place in the list, oldest first.

        Args:
            owners: whose outputs to list.
            tokens: of which tokens, by id.
            after: the place from which to go on.
            limit: how many there may be at most.
        """
        of_tokens = f"AND token IN ({marks(tokens)})" if tokens else ""
        rows = self._db.execute(
            "SELECT seq, hash, vout, id, owner, token, amount FROM token_outputs"  # noqa: S608
            f" WHERE is_spent = 0 AND owner IN ({marks(owners)}) {of_tokens} AND seq > ? ORDER BY seq LIMIT ?",
            [*owners, *tokens, after, limit],
        )
        for seq, tx_hash, vout, *row in rows:
            yield seq, Outpoint(tx_hash, vout), _output(row)

    def balance(self, owner: bytes, token_id: bytes) -> int:
        """How much of a token somebody holds."""
        return sum(output.amount for _, _, output in self.unspent([owner], [token_id]))

    def transaction(self, any_hash: bytes) -> tuple[bytes, bytes] | None:
        """The hash and the message of a transaction, by that hash or its draft's."""
        found: tuple[bytes, bytes] | None = self._db.execute(
            "SELECT hash, message FROM token_transactions WHERE hash = ?1 OR draft_hash = ?1", (any_hash,)
        ).fetchone()
        return found

    def invoice_transaction(self, spark_invoice: str) -> bytes | None:
        """The hash of the transaction that pays a Spark invoice."""
        row = self._db.execute(
            "SELECT hash FROM token_mentions JOIN token_transactions USING (seq) WHERE name = ?",
            (spark_invoice.encode(),),
        ).fetchone()
        return row[0] if row else None

    def transactions(self, wanted: Filter, limit: int, offset: int, *, ascending: bool) -> list[tuple[bytes, bytes]]:
        """The hashes and messages of at most ``limit`` transactions from ``offset`` on, by order of creation."""
        mentioned = [*filter(None, (wanted.owners, wanted.tokens, [text.encode() for text in wanted.output_ids]))]
        if wanted.issuers:
            mentioned.append([token.id for token in self.tokens(issuers=wanted.issuers)])
        parts, values = ["1"], [*wanted.hashes]
        if wanted.hashes:
            parts.append(f"hash IN ({marks(wanted.hashes)})")
        for names in mentioned:
            parts.append(f"seq IN (SELECT seq FROM token_mentions WHERE name IN ({marks(names)}))")  # noqa: S608
            values += names
        rows = self._db.execute(
            f"SELECT hash, message FROM token_transactions WHERE {' AND '.join(parts)}"  # noqa: S608
            f" ORDER BY seq {'ASC' if ascending else 'DESC'} LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )
        return rows.fetchall()

    def _is_spent(self, outpoint: Outpoint) -> bool:
        where = (outpoint.hash, outpoint.vout)
        row = self._db.execute("SELECT is_spent FROM token_outputs WHERE hash = ? AND vout = ?", where).fetchone()
        return bool(row[0])

    def _is_frozen(self, output: Output) -> bool:
        where = (output.token, output.owner)
        row = self._db.execute("SELECT is_frozen FROM token_freezes WHERE token = ? AND owner = ?", where).fetchone()
        return bool(row and row[0])


def _token(row: Sequence[Any]) -> Token:
    values = dict(zip(Token.__slots__, row, strict=True))
    values |= {"max_supply": int.from_bytes(values["max_supply"], "big"), "is_freezable": bool(values["is_freezable"])}
    return Token(**values)


def _output(row: Sequence[Any]) -> Output:
    output_id, owner, token, amount = row
    return Output(output_id, owner, token, int.from_bytes(amount, "big"))


def blob(amount: int) -> bytes:
    """An amount for the file, whose numbers have 64 bits."""
    return amount.to_bytes(16, "big")


def marks(values: Collection[Any]) -> str:
    return ",".join("?" * len(values))
