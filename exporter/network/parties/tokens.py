"""The operators' token service: wallets create, mint, transfer, burn and freeze tokens, and ask what there is.

A transaction of version 3 is made by one call. One of version 2 is started, which gives the wallet what the operators
have made of it, and committed once it is signed for each operator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.network.ledger import keys, token_hashes
from exporter.network.ledger.errors import Invalid, NotFound, Unavailable
from exporter.network.ledger.keys import THRESHOLD
from exporter.network.ledger.token_books import Outpoint, TokenTransaction
from exporter.network.ledger.tokens import TokenLedger, is_signed
from exporter.network.parties import token_messages as messages
from exporter.network.parties.events import Events
from exporter.network.parties.messages import OPERATOR_IDS, OperatorKeys
from exporter.network.parties.operators import check_own, page_limit
from exporter.network.proto import spark_pb2
from exporter.network.proto import token_pb2 as pb

_MAX_STARTED = 1000  # transactions of version 2 that are under way at a time


@dataclass(frozen=True, slots=True)
class _Started:
    transaction: TokenTransaction
    expiry: float


class TokenService:
    """`spark_token.SparkTokenService`: every method takes a request and the caller's identity key.

    Args:
        ledger: the books of tokens.
        events: where owners hear of transactions.
        operators: the operators' identity keys.
        now: the clock, in seconds since the epoch.
    """

    def __init__(self, ledger: TokenLedger, events: Events, operators: OperatorKeys, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._events = events
        self._operators = operators.public
        self._creator = keys.public_key(keys.random_scalar())
        self._now = now
        self._started: dict[bytes, _Started] = {}  # by hash

    # Transactions

    async def broadcast_transaction(
        self, request: pb.BroadcastTransactionRequest, caller: bytes
    ) -> pb.BroadcastTransactionResponse:
        check_own(request.identity_public_key, caller)
        partial = request.partial_token_transaction
        if partial.version != 3:
            raise Invalid(f"a transaction of version {partial.version} is not broadcast but started")
        draft_hash = token_hashes.object_hash(partial)
        found = self._ledger.transaction(draft_hash)
        if found is None:  # it is there if a wallet that didn't hear the answer asks again
            validity = partial.token_transaction_metadata.validity_duration_seconds
            signatures = request.token_transaction_owner_signatures
            transaction = self._signed(messages.from_version_3(partial), draft_hash, signatures, validity)
            self._apply(transaction)
            found = transaction.hash, transaction.message
        made = pb.TokenTransaction.FromString(found[1])
        return pb.BroadcastTransactionResponse(
            final_token_transaction=messages.to_version_3(made),
            commit_status=pb.COMMIT_FINALIZED,
            commit_progress=pb.CommitProgress(committed_operator_public_keys=self._operators),
            token_identifier=messages.created_token(made),
        )

    async def start_transaction(
        self, request: pb.StartTransactionRequest, caller: bytes
    ) -> pb.StartTransactionResponse:
        check_own(request.identity_public_key, caller)
        draft = request.partial_token_transaction
        if draft.version != 2:
            raise Invalid(f"a transaction of version {draft.version} is not started but broadcast")
        signatures = request.partial_token_transaction_owner_signatures
        validity = request.validity_duration_seconds
        transaction = self._signed(draft, token_hashes.draft_hash(draft), signatures, validity)
        self._ledger.check(transaction)
        self._make_room()
        self._started[transaction.hash] = _Started(transaction, self._now() + validity)
        return pb.StartTransactionResponse(
            final_token_transaction=pb.TokenTransaction.FromString(transaction.message),
            keyshare_info=spark_pb2.SigningKeyshare(owner_identifiers=OPERATOR_IDS, threshold=THRESHOLD),
        )

    async def commit_transaction(
        self, request: pb.CommitTransactionRequest, caller: bytes
    ) -> pb.CommitTransactionResponse:
        check_own(request.owner_identity_public_key, caller)
        final_hash = request.final_token_transaction_hash
        if token_hashes.final_hash(request.final_token_transaction) != final_hash:
            raise Invalid("the hash is not the token transaction's")
        if self._ledger.transaction(final_hash) is None:  # as with one that is broadcast again
            self._commit(final_hash, request.input_ttxo_signatures_per_operator)
        return pb.CommitTransactionResponse(
            commit_status=pb.COMMIT_FINALIZED,
            commit_progress=pb.CommitProgress(committed_operator_public_keys=self._operators),
            token_identifier=messages.created_token(request.final_token_transaction),
        )

    def _commit(self, final_hash: bytes, given: Sequence[pb.InputTtxoSignaturesPerOperator]) -> None:
        started = self._started.get(final_hash)
        if started is None or started.expiry < self._now():
            raise NotFound("no such token transaction was started, or it has expired")
        transaction = started.transaction
        by_operator = {each.operator_identity_public_key: each.ttxo_signatures for each in given}
        for operator in self._operators:
            signatures = messages.signatures(by_operator.get(operator, ()))
            self._ledger.check_signatures(transaction, token_hashes.operator_hash(final_hash, operator), signatures)
        self._apply(transaction)
        del self._started[final_hash]

    def _signed(
        self,
        draft: pb.TokenTransaction,
        draft_hash: bytes,
        signatures: Sequence[pb.SignatureWithIndex],
        validity_seconds: int,
    ) -> TokenTransaction:
        """What the operators make of a draft, once they have found that it is signed for."""
        messages.check_draft(draft, self._operators, self._now())
        if draft.HasField("mint_input"):
            token = self._ledger.token(draft.mint_input.token_identifier)
            if draft.mint_input.issuer_public_key != token.issuer:
                raise Invalid(f"token {token.ticker} is another issuer's")
        made = messages.complete(draft, self._creator, validity_seconds, self._now())
        transaction = messages.transaction(made, draft_hash)
        self._ledger.check_signatures(transaction, draft_hash, messages.signatures(signatures))
        return transaction

    def _apply(self, transaction: TokenTransaction) -> None:
        self._ledger.apply(transaction)
        event = spark_pb2.TokenTransactionEvent(
            token_transaction_hash=transaction.hash,
            token_identifiers=transaction.tokens,
            spark_invoices=transaction.invoices,
        )
        spent = (self._ledger.output(outpoint).owner for outpoint in transaction.spent)
        for owner in {*spent, *(output.owner for output in transaction.outputs)}:
            self._events.publish(owner, spark_pb2.SubscribeToEventsResponse(token_transaction=event))

    def _make_room(self) -> None:
        """Forget what was started and has expired; raises Unavailable if there is too much of the rest."""
        now = self._now()
        self._started = {key: each for key, each in self._started.items() if each.expiry >= now}
        if len(self._started) >= _MAX_STARTED:
            raise Unavailable("too many token transactions are under way")

    async def freeze_tokens(self, request: pb.FreezeTokensRequest, caller: bytes) -> pb.FreezeTokensResponse:
        wish = request.freeze_tokens_payload
        if wish.operator_identity_public_key not in self._operators:
            raise Invalid("the request to freeze tokens is for another operator")
        messages.check_key(wish.owner_public_key)
        issuer = self._ledger.token(wish.token_identifier).issuer
        if not is_signed(issuer, request.issuer_signature, token_hashes.freeze_hash(wish)):
            raise Invalid("the request to freeze tokens is not signed by their issuer")
        held = self._ledger.freeze(
            wish.token_identifier,
            wish.owner_public_key,
            frozen=not wish.should_unfreeze,
            at=wish.issuer_provided_timestamp,
        )
        return pb.FreezeTokensResponse(
            impacted_output_ids=[output.id for _, output in held],
            impacted_token_amount=messages.amount_bytes(sum(output.amount for _, output in held)),
            impacted_token_outputs=[pb.TokenOutputRef(transaction_hash=at.hash, vout=at.vout) for at, _ in held],
            freeze_progress=pb.FreezeProgress(applied_operator_public_keys=[wish.operator_identity_public_key]),
        )

    # Queries

    async def query_token_metadata(
        self, request: pb.QueryTokenMetadataRequest, caller: bytes
    ) -> pb.QueryTokenMetadataResponse:
        found = self._ledger.tokens(request.token_identifiers, request.issuer_public_keys)
        return pb.QueryTokenMetadataResponse(token_metadata=map(messages.metadata, found))

    async def query_token_outputs(
        self, request: pb.QueryTokenOutputsRequest, caller: bytes
    ) -> pb.QueryTokenOutputsResponse:
        page = request.page_request
        if page.direction != spark_pb2.NEXT:
            raise Invalid("outputs of tokens are listed in one direction")
        limit = page_limit(page.page_size)
        tokens = {token.id for token in self._ledger.tokens(request.token_identifiers, request.issuer_public_keys)}
        is_narrowed = request.token_identifiers or request.issuer_public_keys
        found = []
        if tokens or not is_narrowed:
            after = messages.cursor(page.cursor)
            found = list(self._ledger.unspent(request.owner_public_keys, tokens, after, limit + 1))
        has_more = len(found) > limit
        return pb.QueryTokenOutputsResponse(
            outputs_with_previous_transaction_data=[self._output(at) for _, at, _ in found[:limit]],
            page_response=spark_pb2.PageResponse(
                has_next_page=has_more, next_cursor=str(found[limit - 1][0]) if has_more else ""
            ),
        )

    def _output(self, at: Outpoint) -> pb.OutputWithPreviousTransactionData:
        found = self._ledger.transaction(at.hash)
        assert found is not None  # every output is some transaction's
        output = pb.TokenTransaction.FromString(found[1]).token_outputs[at.vout]
        output.status = pb.TOKEN_OUTPUT_STATUS_AVAILABLE
        return pb.OutputWithPreviousTransactionData(
            output=output, previous_transaction_hash=at.hash, previous_transaction_vout=at.vout
        )

    async def query_token_transactions(
        self, request: pb.QueryTokenTransactionsRequest, caller: bytes
    ) -> pb.QueryTokenTransactionsResponse:
        wanted, limit, offset = messages.transaction_filter(request)
        ascending = request.order == spark_pb2.ASCENDING
        found = self._ledger.transactions(wanted, limit + 1, offset, ascending=ascending)
        has_more = len(found) > limit
        return pb.QueryTokenTransactionsResponse(
            token_transactions_with_status=[
                pb.TokenTransactionWithStatus(
                    token_transaction=pb.TokenTransaction.FromString(message),
                    status=pb.TOKEN_TRANSACTION_FINALIZED,
                    token_transaction_hash=tx_hash,
                )
                for tx_hash, message in found[:limit]
            ],
            offset=offset + limit if has_more else -1,
            page_response=spark_pb2.PageResponse(
                has_next_page=has_more,
                has_previous_page=offset > 0,
                next_cursor=str(offset + limit) if has_more else "",
                previous_cursor=str(offset) if offset > 0 else "",
            ),
        )
