"""Token transactions as wallets send them, in either version, and as the ledger takes them.

What a wallet asks for is a draft. Operators complete it: with ids and revocation keys of its outputs, and its expiry.
Both versions are kept, and answered by queries, as messages of version 2.
"""

import hashlib
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from exporter.network.ledger import keys
from exporter.network.ledger.errors import Invalid, NotReady
from exporter.network.ledger.token_books import Filter, Outpoint, Output, Token, TokenTransaction
from exporter.network.ledger.token_hashes import final_hash, object_hash
from exporter.network.parties.operators import page_limit
from exporter.network.proto import spark_pb2
from exporter.network.proto import token_pb2 as pb

# What an owner would have to put down, and to wait for, to take an output to the chain: wallets want these.
BOND_SATS, LOCKTIME_BLOCKS = 10_000, 1_000
MAX_VALIDITY_SECONDS = 300
_NAME_BYTES, _TICKER_BYTES, _MAX_EXTRA_BYTES = range(3, 21), range(3, 7), 1024
_AMOUNT_BYTES = 16


def from_version_3(partial: pb.PartialTokenTransaction) -> pb.TokenTransaction:
    """A draft of version 3 as one of version 2; raises Invalid if an output's terms are not the network's."""
    metadata = partial.token_transaction_metadata
    draft = pb.TokenTransaction(
        version=partial.version,
        spark_operator_identity_public_keys=metadata.spark_operator_identity_public_keys,
        network=metadata.network,
        client_created_timestamp=metadata.client_created_timestamp,
        invoice_attachments=metadata.invoice_attachments,
        validity_duration_seconds=metadata.validity_duration_seconds,
        token_outputs=[
            pb.TokenOutput(
                owner_public_key=output.owner_public_key,
                token_identifier=output.token_identifier,
                token_amount=output.token_amount,
            )
            for output in partial.partial_token_outputs
        ],
        **_input(partial),
        **_deadline(partial),
    )
    for output in partial.partial_token_outputs:
        if (output.withdraw_bond_sats, output.withdraw_relative_block_locktime) != (BOND_SATS, LOCKTIME_BLOCKS):
            raise Invalid(f"want a bond of {BOND_SATS} sats and a lock of {LOCKTIME_BLOCKS} blocks for an output")
    return draft


def to_version_3(made: pb.TokenTransaction) -> pb.FinalTokenTransaction:
    """What operators have made of a draft of version 3, as that version has it."""
    return pb.FinalTokenTransaction(
        version=made.version,
        token_transaction_metadata=pb.TokenTransactionMetadata(
            spark_operator_identity_public_keys=made.spark_operator_identity_public_keys,
            network=made.network,
            client_created_timestamp=made.client_created_timestamp,
            validity_duration_seconds=made.validity_duration_seconds,
            invoice_attachments=made.invoice_attachments,
        ),
        final_token_outputs=[
            pb.FinalTokenOutput(
                partial_token_output=pb.PartialTokenOutput(
                    owner_public_key=output.owner_public_key,
                    withdraw_bond_sats=output.withdraw_bond_sats,
                    withdraw_relative_block_locktime=output.withdraw_relative_block_locktime,
                    token_identifier=output.token_identifier,
                    token_amount=output.token_amount,
                ),
                revocation_commitment=output.revocation_commitment,
            )
            for output in made.token_outputs
        ],
        **_input(made),
        **_deadline(made),
    )


def _input(message: pb.PartialTokenTransaction | pb.TokenTransaction) -> dict[str, Any]:
    kind = message.WhichOneof("token_inputs")
    return {kind: getattr(message, kind)} if kind else {}


def _deadline(message: pb.PartialTokenTransaction | pb.TokenTransaction) -> dict[str, Any]:
    return {"execute_before": message.execute_before} if message.HasField("execute_before") else {}


def check_draft(draft: pb.TokenTransaction, operators: Sequence[bytes], now: float) -> None:
    """Check what the ledger does not know of a draft.

    Raises:
        Invalid: the network, the operators, a time or a key is wrong.
        NotReady: it was to be made before a moment that is over.
    """
    if draft.network != spark_pb2.REGTEST:
        raise Invalid("the token transaction is for another network")
    if sorted(draft.spark_operator_identity_public_keys) != sorted(operators):
        raise Invalid("the token transaction names other operators")
    if not draft.HasField("client_created_timestamp"):
        raise Invalid("the token transaction does not say when it was made")
    if draft.HasField("execute_before") and draft.execute_before.ToNanoseconds() < now * 1e9:
        raise NotReady("the token transaction comes after its deadline")
    for output in draft.token_outputs:
        check_key(output.owner_public_key)


def complete(draft: pb.TokenTransaction, creator: bytes, validity_seconds: int, now: float) -> pb.TokenTransaction:
    """What operators make of a draft.

    Args:
        draft: what a wallet asks for.
        creator: the key that created tokens name besides their issuer's.
        validity_seconds: how long the wallet wants it to be valid.
        now: in seconds since the epoch.

    Raises:
        Invalid: it is not to be valid for that long.
    """
    if not 1 <= validity_seconds <= MAX_VALIDITY_SECONDS:
        raise Invalid(f"a token transaction is valid for 1 to {MAX_VALIDITY_SECONDS} seconds")
    made = pb.TokenTransaction()
    made.CopyFrom(draft)
    made.expiry_time.CopyFrom(Timestamp(seconds=int(now) + validity_seconds))
    if made.HasField("create_input"):
        made.create_input.creation_entity_public_key = creator
    for output in made.token_outputs:
        output.id = str(uuid.uuid4())
        output.revocation_commitment = keys.public_key(keys.random_scalar())
        output.withdraw_bond_sats, output.withdraw_relative_block_locktime = BOND_SATS, LOCKTIME_BLOCKS
    return made


def transaction(made: pb.TokenTransaction, draft_hash: bytes) -> TokenTransaction:
    """A completed transaction as the ledger takes it; raises Invalid."""
    kind = made.WhichOneof("token_inputs")
    spent = made.transfer_input.outputs_to_spend
    return TokenTransaction(
        final_hash(made) if made.version == 2 else object_hash(to_version_3(made)),
        draft_hash,
        _token(made.create_input) if kind == "create_input" else None,
        made.mint_input.token_identifier if kind == "mint_input" else None,
        tuple(Outpoint(each.prev_token_transaction_hash, each.prev_token_transaction_vout) for each in spent),
        tuple(map(_output, made.token_outputs)),
        tuple(each.spark_invoice for each in made.invoice_attachments),
        made.SerializeToString(),
    )


def _token(create: pb.TokenCreateInput) -> Token:
    check_key(create.issuer_public_key)
    for text, sizes, what in (
        (create.token_name, _NAME_BYTES, "name"),
        (create.token_ticker, _TICKER_BYTES, "ticker"),
    ):
        if len(text.encode()) not in sizes or not unicodedata.is_normalized("NFC", text):
            raise Invalid(f"a token's {what} has {sizes[0]} to {sizes[-1]} bytes of normalised text")
    if create.decimals > 255 or len(create.extra_metadata) > _MAX_EXTRA_BYTES:
        raise Invalid(f"a token has at most 255 decimals, and {_MAX_EXTRA_BYTES} bytes of its issuer's own")
    return Token(
        hashlib.sha256(b"token" + create.SerializeToString(deterministic=True)).digest(),
        create.issuer_public_key,
        create.token_name,
        create.token_ticker,
        create.decimals,
        _amount(create.max_supply),
        create.is_freezable,
        create.extra_metadata if create.HasField("extra_metadata") else None,
        create.creation_entity_public_key,
    )


def _output(output: pb.TokenOutput) -> Output:
    return Output(output.id, output.owner_public_key, output.token_identifier, _amount(output.token_amount))


def _amount(raw: bytes) -> int:
    if len(raw) != _AMOUNT_BYTES:
        raise Invalid(f"an amount of tokens has {_AMOUNT_BYTES} bytes, not {len(raw)}")
    return int.from_bytes(raw, "big")


def amount_bytes(amount: int) -> bytes:
    """An amount as messages have it."""
    return amount.to_bytes(_AMOUNT_BYTES, "big")


def check_key(key: bytes) -> None:
    """Check an owner's or issuer's key; raises Invalid."""
    try:
        keys.add_points(key)
    except ValueError as error:
        raise Invalid("an owner's or issuer's key is no public key") from error


def signatures(given: Sequence[pb.SignatureWithIndex]) -> Mapping[int, bytes]:
    """Signatures by input."""
    return {each.input_index: each.signature or each.single_signature.signature for each in given}


def metadata(token: Token) -> pb.TokenMetadata:
    """A token as wallets see it."""
    return pb.TokenMetadata(
        issuer_public_key=token.issuer,
        token_name=token.name,
        token_ticker=token.ticker,
        decimals=token.decimals,
        max_supply=amount_bytes(token.max_supply),
        is_freezable=token.is_freezable,
        creation_entity_public_key=token.creator,
        token_identifier=token.id,
        extra_metadata=token.extra,
    )


def created_token(made: pb.TokenTransaction) -> bytes | None:
    """The id of the token that a completed transaction creates, if it does."""
    return _token(made.create_input).id if made.HasField("create_input") else None


def transaction_filter(request: pb.QueryTokenTransactionsRequest) -> tuple[Filter, int, int]:
    """Which transactions a request is about, how many at most, and how many of them to pass over; raises Invalid."""
    if request.HasField("by_tx_hash"):
        hashes = request.by_tx_hash.token_transaction_hashes
        if not hashes:
            raise Invalid("name a token transaction")
        return Filter(hashes=hashes), len(hashes), 0
    named = request.by_filters if request.HasField("by_filters") else request
    hashes = request.token_transaction_hashes
    wanted = Filter(
        hashes, named.owner_public_keys, named.issuer_public_keys, named.token_identifiers, named.output_ids
    )
    if not request.by_filters.HasField("page_request"):
        return wanted, page_limit(request.limit), max(request.offset, 0)
    page = request.by_filters.page_request
    limit, offset = page_limit(page.page_size), cursor(page.cursor)
    return wanted, limit, max(offset - limit, 0) if page.direction == spark_pb2.PREVIOUS else offset


def cursor(text: str) -> int:
    """Where a page begins; raises Invalid."""
    if not text:
        return 0
    if not text.isdecimal():
        raise Invalid(f"{text!r} is no cursor that was given out")
    return int(text)
