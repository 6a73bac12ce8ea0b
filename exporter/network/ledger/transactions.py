"""The few transaction shapes that leaves are made of, and the checks on those a client signs.

A leaf owns an output of its node transaction; refund transactions spend that output back to its owner
after a relative timelock (the low 16 bits of the input's sequence), which falls with every transfer.
"""

import functools
import hashlib
import struct
from dataclasses import dataclass
from typing import NamedTuple

from embit.script import Script
from embit.transaction import Transaction

from exporter.network.ledger import keys

INITIAL_TIMELOCK = 2000
TIMELOCK_STEP = 100
DIRECT_OFFSET = 50
RENEWABLE_TIMELOCK = 300
HTLC_OFFSET = 70  # added to the timelock of a refund that locks the money to a preimage

_TIMELOCK_MASK = 0xFFFF
_VERSION = 3
_HEAD = struct.Struct("<IB")  # version, number of inputs
_INPUT = struct.Struct("<32sIBI")  # outpoint, script size, sequence
_COUNT = struct.Struct("B")
_ONE = struct.Struct("<IB32sIBIB")  # a head, one input, and the number of outputs
_OUTPUT = struct.Struct("<QB")  # value and script size, before the script
_LOCKTIME_BYTES = 4
_LONG = 0xFD  # a count from here on has more than one byte
_ANCHOR = _OUTPUT.pack(0, 4) + bytes.fromhex("51024e73")
_DIRECT_FEE = 191 * 5
_HTLC_BLOCKS = 2160
# BIP 341's point without a known secret: nobody spends by key alone.
_NOBODY = bytes.fromhex("0250929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0")
_SHA256, _EQUALVERIFY, _CHECKSIG, _CSV, _DROP = b"\xa8", b"\x88", b"\xac", b"\xb2", b"\x75"


class Refunds(NamedTuple):
    """A leaf's raw refund transactions; empty bytes where there is none."""

    cpfp: bytes
    direct: bytes = b""
    direct_from_cpfp: bytes = b""


class Node(NamedTuple):
    """A node's raw transactions: the one its refunds spend, and the one for watchtowers."""

    cpfp: bytes
    direct: bytes = b""


@dataclass(frozen=True, slots=True)
class Spend:
    """What matters of a transaction; ids in the order of bytes that transactions hold them in.

    It is the first input that spends a leaf's money. The ``others`` are outpoints: id and number of an output.
    """

    txid: bytes
    spent_txid: bytes
    spent_vout: int
    timelock: int
    value: int
    script: bytes
    others: tuple[tuple[bytes, int], ...]
    outputs: int


@functools.lru_cache(maxsize=512)  # a leaf's transactions are looked at many times over
def parse(raw: bytes) -> Spend:
    """Read a raw transaction without witnesses; raises ValueError unless it has an input and an output."""
    try:
        _, count = _HEAD.unpack_from(raw)
        inputs = [_INPUT.unpack_from(raw, _HEAD.size + number * _INPUT.size) for number in range(count)]
        at = _HEAD.size + count * _INPUT.size
        (outputs,) = _COUNT.unpack_from(raw, at)
        at += _COUNT.size
        paid = []
        counts = [count, outputs]
        for _ in range(outputs):
            value, size = _OUTPUT.unpack_from(raw, at)
            at += _OUTPUT.size + size
            paid.append((value, raw[at - size : at]))
            counts.append(size)
        well_formed = (
            max(counts) < _LONG
            and not any(script_size for _, _, script_size, _ in inputs)
            and at + _LOCKTIME_BYTES == len(raw)
        )
    except struct.error:
        well_formed = False
    if not well_formed or not inputs or not paid:
        raise ValueError("not a transaction with an input and an output")
    (spent_txid, spent_vout, _, sequence), *others = inputs
    value, script = paid[0]
    more = tuple((txid, vout) for txid, vout, _, _ in others)
    return Spend(_txid(raw), spent_txid, spent_vout, sequence & _TIMELOCK_MASK, value, script, more, outputs)


@functools.lru_cache(maxsize=128)  # the operators ask for it, and then the provider
def sighash(raw: bytes, spent: tuple[tuple[int, bytes], ...], at: int = 0) -> bytes:
    """The hash that a signature by key is of, as BIP 341 has it.

    Args:
        raw: the transaction.
        spent: value in sats and script of every output that it spends, in the order of its inputs.
        at: the input that is signed for.
    """
    transaction = Transaction.parse(raw)
    scripts = [Script(script) for _, script in spent]
    digest: bytes = transaction.sighash_taproot(at, scripts, [value for value, _ in spent])
    return digest


def node(parent_txid: bytes, vout: int, value: int, script: bytes, timelock: int) -> Node:
    """The transactions of a node that spends an output of its parent; ``value`` in sats."""
    return Node(
        cpfp=_spend(parent_txid, vout, value, script, timelock, anchor=True),
        direct=_spend(parent_txid, vout, value, script, timelock + DIRECT_OFFSET, anchor=False),
    )


def refunds(of: Node, value: int, script: bytes, timelock: int = INITIAL_TIMELOCK) -> Refunds:
    """Refund transactions of a node, paying ``value`` sats to ``script``; as many as the node has transactions for."""
    cpfp_txid = parse(of.cpfp).txid
    later = timelock + DIRECT_OFFSET
    return Refunds(
        cpfp=_spend(cpfp_txid, 0, value, script, timelock, anchor=True),
        direct=_spend(parse(of.direct).txid, 0, value, script, later, anchor=False) if of.direct else b"",
        direct_from_cpfp=_spend(cpfp_txid, 0, value, script, later, anchor=False),
    )


def htlc_script(payment_hash: bytes, receiver: bytes, sender: bytes) -> bytes:
    """The output script that pays to the receiver with the preimage, and after a while to the sender."""
    blocks = _HTLC_BLOCKS.to_bytes(2, "little")
    with_preimage = _SHA256 + _push(payment_hash) + _EQUALVERIFY + _push(receiver[1:]) + _CHECKSIG
    after_a_while = _push(blocks) + _CSV + _DROP + _push(sender[1:]) + _CHECKSIG
    return keys.taproot_script(_NOBODY, keys.taproot_root(with_preimage, after_a_while))


def _push(data: bytes) -> bytes:
    return bytes([len(data)]) + data


def _spend(txid: bytes, vout: int, value: int, script: bytes, timelock: int, *, anchor: bool) -> bytes:
    if not anchor and value > _DIRECT_FEE:
        value -= _DIRECT_FEE
    head = _ONE.pack(_VERSION, 1, txid, vout, 0, timelock, 1 + anchor)
    return head + _OUTPUT.pack(value, len(script)) + script + _ANCHOR * anchor + bytes(_LOCKTIME_BYTES)


def _txid(raw: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(raw).digest()).digest()
