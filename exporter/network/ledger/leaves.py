"""Leaves of the tree and transfers of them: the values that the ledger works with, and the checks on them."""

import functools
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from exporter.network.ledger import keys, transactions
from exporter.network.ledger.archive import TransferRow
from exporter.network.ledger.errors import Invalid, NotAllowed
from exporter.network.ledger.keys import ORDER, Shares
from exporter.network.ledger.transactions import Node, Refunds


class LeafStatus(StrEnum):
    """The states of a node; the names are the protocol's."""

    AVAILABLE = "AVAILABLE"
    TRANSFER_LOCKED = "TRANSFER_LOCKED"
    SPLITTED = "SPLITTED"


class TransferType(IntEnum):
    """The kinds of transfer that occur here; the numbers are the protocol's."""

    PREIMAGE_SWAP = 0
    COOPERATIVE_EXIT = 1
    TRANSFER = 2
    UTXO_SWAP = 3
    PRIMARY_SWAP_V3 = 4
    COUNTER_SWAP_V3 = 5


class TransferStatus(IntEnum):
    """The states of a transfer that occur here; the numbers are the protocol's."""

    SENDER_KEY_TWEAK_PENDING = 1
    SENDER_KEY_TWEAKED = 2
    COMPLETED = 5
    RETURNED = 7


@dataclass(slots=True)
class Leaf:
    """A node of the tree with money in it, or once with money in it.

    The verifying key is the owner's signing key plus the operators' key, all its life long.
    """

    id: str
    tree_id: str
    parent_id: str | None
    value: int
    owner: bytes
    verifying_key: bytes
    shares: Shares
    node: Node
    refunds: Refunds
    status: LeafStatus
    created: float
    updated: float
    keyshare_key: bytes = field(init=False)  # the operators' joint public key
    signing_key: bytes = field(init=False)  # the owner's signing public key

    def __post_init__(self) -> None:
        self._derive_keys()

    def tweak(self, tweak: Shares, signing_key: bytes | None = None) -> None:
        """Move every operator's share, and with it the owner's signing key: to this one, if it is known."""
        self.shares = _add_shares(self.shares, tweak)
        if signing_key is None:
            self._derive_keys()
        else:
            self.signing_key = signing_key
            self.keyshare_key = keys.joint_key(self.shares)

    @property
    def timelock(self) -> int:
        """The timelock of its refund, in blocks."""
        return transactions.parse(self.refunds.cpfp).timelock

    def check_tweak(self, tweak: Shares) -> None:
        """Check that the operators have a key after a tweak; raises Invalid."""
        if keys.join(_add_shares(self.shares, tweak)) == 0:
            raise Invalid(f"the tweak of leaf {self.id} leaves no key")

    def check_tweak_to(self, signing_key: bytes, tweak: Shares) -> None:
        """Check that a tweak makes this the owner's signing key; raises Invalid."""
        self.check_tweak(tweak)
        share_key = keys.joint_key(_add_shares(self.shares, tweak))
        if keys.add_points(share_key, signing_key) != self.verifying_key:
            raise Invalid(f"the tweak of leaf {self.id} does not lead to the receiver's key")

    def check_refund(
        self, refunds: Refunds, timelock: int, script: bytes, connector: tuple[bytes, int] | None = None
    ) -> None:
        """Check that new refunds spend the node, all of it, after a time and to a script; and a connector, if any.

        Raises:
            NotAllowed: they spend another node, as when another instance of the wallet has renewed the leaf meanwhile:
                to this refusal wallets look at their leaves again.
            Invalid: anything else is wrong.
        """
        try:
            spend = transactions.parse(refunds.cpfp)
            spent = transactions.parse(self.node.cpfp)
        except ValueError as error:
            raise Invalid(f"the refund of leaf {self.id} is {error}") from error
        if (spend.spent_txid, spend.spent_vout) != (spent.txid, 0):
            raise NotAllowed(f"the refund of leaf {self.id} does not spend its node: that leaf is not available")
        if spend.others != ((connector,) if connector else ()):
            raise Invalid(f"the refund of leaf {self.id} does not spend its connector, or more than that")
        if spend.value != self.value:
            raise Invalid(f"the refund of leaf {self.id} pays {spend.value} sats of {self.value}")
        if spend.timelock != timelock:
            raise Invalid(f"the refund of leaf {self.id} has timelock {spend.timelock}, not {timelock}")
        if spend.script != script:
            raise Invalid(f"the refund of leaf {self.id} does not pay to whom it should")

    def sighash(self, refund: bytes) -> bytes:
        """What is signed of a refund that spends the node."""
        return transactions.sighash(refund, ((self.value, keys.taproot_script(self.verifying_key)),))

    def _derive_keys(self) -> None:
        self.keyshare_key = keys.joint_key(self.shares)
        self.signing_key = _rest(self.verifying_key, self.keyshare_key)


@dataclass(frozen=True, slots=True)
class SentLeaf:
    """A leaf in a transfer: what the sender hands to the operators and, through them, to the receiver."""

    leaf_id: str
    signing_key: bytes
    tweak: Shares
    refunds: Refunds
    secret_cipher: bytes = b""
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class ClaimedLeaf:
    """A leaf as its receiver takes it: the tweak to the new key, and refunds to it."""

    leaf_id: str
    signing_key: bytes
    tweak: Shares
    refunds: Refunds


@dataclass(slots=True)
class Transfer:
    """Leaves on their way. ``sent`` is empty once the transfer is over: history does not need it."""

    row: TransferRow
    sent: list[SentLeaf] = field(default_factory=list)


_rest = functools.lru_cache(maxsize=64)(keys.subtract_points)  # nodes of one tree follow each other


def _add_shares(shares: Shares, tweak: Shares) -> Shares:
    first, second, third = ((share + change) % ORDER for share, change in zip(shares, tweak, strict=True))
    return first, second, third
