"""Leaf transactions, against another implementation of Bitcoin's format."""

import pytest
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from hypothesis import given
from hypothesis import strategies as st

from exporter.network.ledger import keys, transactions

SCRIPT = keys.taproot_script(keys.public_key(3))
txids = st.binary(min_size=32, max_size=32)
values = st.integers(1, 21 * 10**14)
timelocks = st.integers(0, 2000)


@given(txids, st.integers(0, 5), values, timelocks)
def test_reads_and_writes_as_another_implementation(txid: bytes, vout: int, value: int, timelock: int) -> None:
    node = transactions.node(txid, vout, value, SCRIPT, timelock)
    for raw in (*node, *transactions.refunds(node, value, SCRIPT, timelock)):
        read, theirs = transactions.parse(raw), Transaction.parse(raw)
        assert theirs.serialize() == raw
        assert theirs.txid()[::-1] == read.txid
        (spent,) = theirs.vin
        assert (spent.txid[::-1], spent.vout) == (read.spent_txid, read.spent_vout)
        assert spent.sequence & 0xFFFF == read.timelock
        assert (theirs.vout[0].value, theirs.vout[0].script_pubkey.data) == (read.value, read.script)
    refunds = transactions.refunds(node, value, SCRIPT, timelock)
    assert transactions.parse(refunds.direct).spent_txid == transactions.parse(node.direct).txid
    assert transactions.parse(refunds.cpfp).value == value


@given(st.binary(max_size=200))
def test_refuses_what_is_no_transaction(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not a transaction"):
        transactions.parse(raw)


@pytest.mark.parametrize(("inputs", "outputs"), [(0, 1), (1, 0)])
def test_refuses_other_shapes(inputs: int, outputs: int) -> None:
    spent = [TransactionInput(bytes(32), 0)] * inputs
    paid = [TransactionOutput(5, Script(SCRIPT))] * outputs
    with pytest.raises(ValueError, match="an input and an output"):
        transactions.parse(bytes(Transaction(version=3, vin=spent, vout=paid).serialize()))


@given(st.integers(0, 200))
def test_refuses_a_transaction_cut_off_or_with_more_behind(at: int) -> None:
    raw = transactions.node(bytes(32), 0, 1000, SCRIPT, 500).cpfp
    for spoilt in (raw[: min(at, len(raw) - 1)], raw + b"\x00"):
        with pytest.raises(ValueError, match="not a transaction"):
            transactions.parse(spoilt)


def test_a_lock_is_to_one_hash_and_to_both_parties() -> None:
    payment_hash, receiver, sender = bytes(32), keys.public_key(5), keys.public_key(6)
    scripts = {
        transactions.htlc_script(payment_hash, receiver, sender),
        transactions.htlc_script(bytes([1]) * 32, receiver, sender),
        transactions.htlc_script(payment_hash, keys.public_key(7), sender),
        transactions.htlc_script(payment_hash, receiver, keys.public_key(7)),
        transactions.htlc_script(payment_hash, sender, receiver),
    }
    assert len(scripts) == 5
    assert all(len(script) == 34 and script[:2] == b"\x51\x20" for script in scripts)


def test_the_first_input_spends_the_leaf_and_the_others_are_told() -> None:
    spent = [TransactionInput(bytes([number]) * 32, number) for number in (1, 2)]
    raw = Transaction(version=3, vin=spent, vout=[TransactionOutput(5, Script(SCRIPT))]).serialize()
    parsed = transactions.parse(raw)
    assert (parsed.spent_txid, parsed.spent_vout, parsed.outputs) == (bytes([1]) * 32, 1, 1)
    assert parsed.others == ((bytes([2]) * 32, 2),)
