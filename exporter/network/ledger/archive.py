"""What the ledger keeps on disk: every transfer's history row, and the nodes above the leaves.

An embedded SQLite file, so that a run of days needs no more memory than one of minutes. It is a file without
a name, which goes with the network's process however that ends: no journal, no syncing. Others that have
something to keep make tables of their own in it.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

_SCHEMA = """
CREATE TABLE transfers (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type INTEGER NOT NULL, status INTEGER NOT NULL,
    sender BLOB NOT NULL, receiver BLOB NOT NULL, value INTEGER NOT NULL, created REAL NOT NULL,
    updated REAL NOT NULL, expiry REAL NOT NULL, spark_invoice TEXT NOT NULL, leaf_ids TEXT NOT NULL
);
CREATE INDEX invoices ON transfers (spark_invoice) WHERE spark_invoice <> '';
CREATE TABLE history (
    identity BLOB NOT NULL, seq INTEGER NOT NULL, type INTEGER NOT NULL, PRIMARY KEY (identity, seq)
) WITHOUT ROWID;
CREATE TABLE nodes (id TEXT PRIMARY KEY, tree_id TEXT NOT NULL, node BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX trees ON nodes (tree_id);
"""


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A transfer as history knows it; times in seconds since the epoch, value in sats."""

    seq: int
    id: str
    type: int
    status: int
    sender: bytes
    receiver: bytes
    value: int
    created: float
    updated: float
    expiry: float
    spark_invoice: str
    leaf_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which transfers to list; an empty collection or ``None`` filters nothing."""

    participant: bytes | None = None
    as_sender: bool = True
    as_receiver: bool = True
    ids: Collection[str] = ()
    types: Collection[int] = ()
    statuses: Collection[int] = ()
    created_after: float | None = None
    created_before: float | None = None
    ascending: bool = False

    def matches(self, row: TransferRow) -> bool:
        """Whether it lets a transfer pass."""
        parties = [row.sender] * self.as_sender + [row.receiver] * self.as_receiver
        return (
            (self.participant is None or self.participant in parties)
            and (not self.ids or row.id in self.ids)
            and (not self.types or row.type in self.types)
            and (not self.statuses or row.status in self.statuses)
            and (self.created_after is None or row.created > self.created_after)
            and (self.created_before is None or row.created < self.created_before)
        )


class Archive:
    """The SQLite file. Not thread-safe: one event loop owns it."""

    def __init__(self) -> None:
        # SQLite's name for a private file on disk, unlinked as soon as it is open.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        self.open_table(_SCHEMA)
        self._counts: Counter[tuple[bytes, int]] = Counter()  # history rows, by identity and type

    def close(self) -> None:
        self._db.close()

    def open_table(self, schema: str) -> sqlite3.Connection:
        """The connection, after making tables by this SQL; writes take effect at once."""
        # One transaction that never ends: nobody else reads the file, and committing costs as much as writing.
        self._db.executescript(f"{schema} BEGIN;")
        return self._db

    def add_transfer(self, row: TransferRow) -> None:
        """Write a new transfer; ``row.seq`` must be larger than any before."""
        values = (*_columns(row)[:-1], " ".join(row.leaf_ids))
        self._db.execute(f"INSERT INTO transfers VALUES ({','.join('?' * len(values))})", values)  # noqa: S608
        for identity in {row.sender, row.receiver}:
            self._db.execute("INSERT INTO history VALUES (?, ?, ?)", (identity, row.seq, row.type))
            self._counts[identity, row.type] += 1

    def set_status(self, transfer_id: str, status: int, updated: float) -> None:
        self._db.execute("UPDATE transfers SET status=?, updated=? WHERE id=?", (status, updated, transfer_id))

    def has_transfer(self, transfer_id: str) -> bool:
        return self._db.execute("SELECT 1 FROM transfers WHERE id=?", (transfer_id,)).fetchone() is not None

    def invoice_transfer(self, spark_invoice: str) -> TransferRow | None:
        """The last transfer that pays a Spark invoice."""
        tail = "transfers t WHERE t.spark_invoice = ? AND t.spark_invoice <> '' ORDER BY t.seq DESC LIMIT 1"
        return next(iter(self._select(tail, [spark_invoice])), None)

    def list_transfers(self, wanted: Filter, limit: int, offset: int) -> list[TransferRow]:
        """At most ``limit`` transfers from ``offset`` on, by order of creation."""
        where, values = _where(wanted)
        table, seq = "transfers t", "t.seq"
        if wanted.participant is not None:  # by the history's own order, which needs no sorting of all of it
            table, seq = "history h JOIN transfers t ON t.seq = h.seq", "h.seq"
        order = "ASC" if wanted.ascending else "DESC"
        newest_first = self._distance_from_end(wanted, offset)
        if newest_first is not None:
            # A wallet in sync asks for the last few of very many: read those from the end.
            rows = self._select(f"{table} WHERE {where} ORDER BY {seq} DESC LIMIT ?", [*values, newest_first])
            return rows[::-1][:limit]
        return self._select(f"{table} WHERE {where} ORDER BY {seq} {order} LIMIT ? OFFSET ?", [*values, limit, offset])

    def _distance_from_end(self, wanted: Filter, offset: int) -> int | None:
        plain = wanted.ascending and wanted.as_sender and wanted.as_receiver and wanted.types
        narrowed = wanted.ids or wanted.statuses or wanted.created_after or wanted.created_before
        if wanted.participant is None or not plain or narrowed:
            return None
        total = sum(self._counts[wanted.participant, kind] for kind in set(wanted.types))
        return max(total - offset, 0) if offset > total // 2 else None

    def _select(self, tail: str, values: list[Any]) -> list[TransferRow]:
        rows = self._db.execute(f"SELECT t.* FROM {tail}", values)  # noqa: S608
        return [TransferRow(*(*row[:-1], tuple(row[-1].split()))) for row in rows]

    def put_node(self, node_id: str, tree_id: str, node: bytes) -> None:
        """Keep a serialised node that is no leaf any more."""
        self._db.execute("INSERT OR REPLACE INTO nodes VALUES (?, ?, ?)", (node_id, tree_id, node))

    def drop_tree(self, tree_id: str) -> None:
        """Forget the nodes above a leaf that is gone."""
        self._db.execute("DELETE FROM nodes WHERE tree_id = ?", (tree_id,))

    def nodes(self, ids: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for node_id in ids:
            row = self._db.execute("SELECT node FROM nodes WHERE id=?", (node_id,)).fetchone()
            if row is not None:
                yield node_id, row[0]


def _columns(row: TransferRow) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in TransferRow.__slots__)


def _where(wanted: Filter) -> tuple[str, list[Any]]:
    parts: list[str] = ["1"]
    values: list[Any] = []

    def add(condition: str, *parameters: Any) -> None:
        parts.append(condition)
        values.extend(parameters)

    def one_of(column: str, choices: Collection[Any]) -> None:
        if choices:
            add(f"{column} IN ({','.join('?' * len(choices))})", *choices)

    if wanted.participant is not None:
        add("h.identity = ?", wanted.participant)
        one_of("h.type", wanted.types)
        if not wanted.as_receiver:
            add("t.sender = ?", wanted.participant)
        if not wanted.as_sender:
            add("t.receiver = ?", wanted.participant)
    else:
        one_of("t.type", wanted.types)
    one_of("t.id", wanted.ids)
    one_of("t.status", wanted.statuses)
    if wanted.created_after is not None:
        add("t.created > ?", wanted.created_after)
    if wanted.created_before is not None:
        add("t.created < ?", wanted.created_before)
    return " AND ".join(parts), values
