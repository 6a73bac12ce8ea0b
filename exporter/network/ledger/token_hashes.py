"""What is signed for of a token transaction: its hashes, as wallets compute them.

Transactions of version 3 have the object hash of their messages: fields by number, each hashed by its type
(https://github.com/stackb/protoreflecthash). Those of version 2 have a hash of the hashes of their parts.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from exporter.network.ledger.addresses import spark_invoice_id
from exporter.network.proto import token_pb2 as pb

_CREATE, _MINT, _TRANSFER = 1, 2, 3  # the kinds of transactions
_NO_KEY, _NO_TOKEN = bytes(33), bytes(32)


def object_hash(value: Any) -> bytes:
    """The hash of a message, or of a field's value."""
    match value:
        case bool():
            return _typed(b"b", b"1" if value else b"0")
        case int():
            return _typed(b"i", _number(value, 8))
        case str():
            return _typed(b"u", value.encode())
        case bytes():
            return _typed(b"r", value)
        case Timestamp():
            return _typed(b"l", object_hash(value.seconds) + object_hash(value.nanos))
        case Message():
            # A field that has its default's value counts as one that isn't there.
            there = ((field, of) for field, of in value.ListFields() if isinstance(of, Message) or of)
            return _typed(b"d", b"".join(object_hash(field.number) + object_hash(of) for field, of in there))
        case _:
            return _typed(b"l", b"".join(map(object_hash, value)))


def _typed(kind: bytes, value: bytes) -> bytes:
    return hashlib.sha256(kind + value).digest()


def draft_hash(transaction: pb.TokenTransaction) -> bytes:
    """The hash of what a wallet asks for in version 2; raises Invalid if an invoice in it is none."""
    return _hash_of_hashes(_parts(transaction, final=False))


def final_hash(transaction: pb.TokenTransaction) -> bytes:
    """The hash of what operators have made of it; raises as `draft_hash` does."""
    return _hash_of_hashes(_parts(transaction, final=True))


def operator_hash(final: bytes, operator: bytes) -> bytes:
    """What wallets sign for an operator in version 2: a final hash, and the operator's identity key."""
    return _hash_of_hashes([final, operator])


def freeze_hash(payload: pb.FreezeTokensPayload) -> bytes:
    """What an issuer signs to freeze tokens, or to free them again."""
    at = payload.issuer_provided_timestamp
    return _hash_of_hashes(
        [
            _number(payload.version, 4),
            payload.owner_public_key,
            payload.token_identifier,
            bytes([payload.should_unfreeze]),
            at.to_bytes(8, "little") if at else b"",
            payload.operator_identity_public_key,
        ]
    )


def _hash_of_hashes(parts: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def _parts(transaction: pb.TokenTransaction, *, final: bool) -> Iterable[bytes]:
    yield _number(transaction.version, 4)
    yield from _input_parts(transaction, final=final)
    yield _number(len(transaction.token_outputs), 4)
    for output in transaction.token_outputs:
        yield _output_part(output, final=final)
    yield _number(len(transaction.spark_operator_identity_public_keys), 4)
    yield from sorted(transaction.spark_operator_identity_public_keys)
    yield _number(transaction.network, 4)
    yield _number(transaction.client_created_timestamp.ToMilliseconds(), 8)
    if final:
        yield _number(transaction.expiry_time.seconds, 8)
    invoices = [attached.spark_invoice for attached in transaction.invoice_attachments]
    yield _number(len(invoices), 4)
    for text in sorted(invoices, key=spark_invoice_id):
        yield text.encode()


def _input_parts(transaction: pb.TokenTransaction, *, final: bool) -> Iterable[bytes]:
    match transaction.WhichOneof("token_inputs"):
        case "create_input":
            create = transaction.create_input
            yield _number(_CREATE, 4)
            yield create.issuer_public_key
            yield create.token_name.encode()
            yield create.token_ticker.encode()
            yield _number(create.decimals, 4)
            yield create.max_supply
            yield bytes([create.is_freezable])
            yield create.creation_entity_public_key if final else b""
        case "mint_input":
            yield _number(_MINT, 4)
            yield transaction.mint_input.issuer_public_key
            yield transaction.mint_input.token_identifier or _NO_TOKEN
        case "transfer_input":
            spent = transaction.transfer_input.outputs_to_spend
            yield _number(_TRANSFER, 4)
            yield _number(len(spent), 4)
            for output in spent:
                yield output.prev_token_transaction_hash + _number(output.prev_token_transaction_vout, 4)


def _output_part(output: pb.TokenOutput, *, final: bool) -> bytes:
    made = b""
    if final:
        terms = _number(output.withdraw_bond_sats, 8) + _number(output.withdraw_relative_block_locktime, 8)
        made = output.revocation_commitment + terms
    token = (output.token_public_key or _NO_KEY) + (output.token_identifier or _NO_TOKEN)
    return (output.id.encode() if final else b"") + output.owner_public_key + made + token + output.token_amount


def _number(value: int, size: int) -> bytes:
    return (value % (1 << 8 * size)).to_bytes(size, "big")
