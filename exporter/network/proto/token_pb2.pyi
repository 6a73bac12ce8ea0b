import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from exporter.network.proto import spark_pb2 as _spark_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TokenOutputStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOKEN_OUTPUT_STATUS_UNSPECIFIED: _ClassVar[TokenOutputStatus]
    TOKEN_OUTPUT_STATUS_AVAILABLE: _ClassVar[TokenOutputStatus]
    TOKEN_OUTPUT_STATUS_PENDING_OUTBOUND: _ClassVar[TokenOutputStatus]

class CommitStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMMIT_UNSPECIFIED: _ClassVar[CommitStatus]
    COMMIT_PROCESSING: _ClassVar[CommitStatus]
    COMMIT_FINALIZED: _ClassVar[CommitStatus]

class TokenTransactionStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOKEN_TRANSACTION_STARTED: _ClassVar[TokenTransactionStatus]
    TOKEN_TRANSACTION_FINALIZED: _ClassVar[TokenTransactionStatus]
TOKEN_OUTPUT_STATUS_UNSPECIFIED: TokenOutputStatus
TOKEN_OUTPUT_STATUS_AVAILABLE: TokenOutputStatus
TOKEN_OUTPUT_STATUS_PENDING_OUTBOUND: TokenOutputStatus
COMMIT_UNSPECIFIED: CommitStatus
COMMIT_PROCESSING: CommitStatus
COMMIT_FINALIZED: CommitStatus
TOKEN_TRANSACTION_STARTED: TokenTransactionStatus
TOKEN_TRANSACTION_FINALIZED: TokenTransactionStatus

class TokenOutputToSpend(_message.Message):
    __slots__ = ("prev_token_transaction_hash", "prev_token_transaction_vout")
    PREV_TOKEN_TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    PREV_TOKEN_TRANSACTION_VOUT_FIELD_NUMBER: _ClassVar[int]
    prev_token_transaction_hash: bytes
    prev_token_transaction_vout: int
    def __init__(self, prev_token_transaction_hash: _Optional[bytes] = ..., prev_token_transaction_vout: _Optional[int] = ...) -> None: ...

class TokenTransferInput(_message.Message):
    __slots__ = ("outputs_to_spend",)
    OUTPUTS_TO_SPEND_FIELD_NUMBER: _ClassVar[int]
    outputs_to_spend: _containers.RepeatedCompositeFieldContainer[TokenOutputToSpend]
    def __init__(self, outputs_to_spend: _Optional[_Iterable[_Union[TokenOutputToSpend, _Mapping]]] = ...) -> None: ...

class TokenMintInput(_message.Message):
    __slots__ = ("issuer_public_key", "token_identifier")
    ISSUER_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    issuer_public_key: bytes
    token_identifier: bytes
    def __init__(self, issuer_public_key: _Optional[bytes] = ..., token_identifier: _Optional[bytes] = ...) -> None: ...

class TokenCreateInput(_message.Message):
    __slots__ = ("issuer_public_key", "token_name", "token_ticker", "decimals", "max_supply", "is_freezable", "creation_entity_public_key", "extra_metadata")
    ISSUER_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_NAME_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TICKER_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    MAX_SUPPLY_FIELD_NUMBER: _ClassVar[int]
    IS_FREEZABLE_FIELD_NUMBER: _ClassVar[int]
    CREATION_ENTITY_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    EXTRA_METADATA_FIELD_NUMBER: _ClassVar[int]
    issuer_public_key: bytes
    token_name: str
    token_ticker: str
    decimals: int
    max_supply: bytes
    is_freezable: bool
    creation_entity_public_key: bytes
    extra_metadata: bytes
    def __init__(self, issuer_public_key: _Optional[bytes] = ..., token_name: _Optional[str] = ..., token_ticker: _Optional[str] = ..., decimals: _Optional[int] = ..., max_supply: _Optional[bytes] = ..., is_freezable: bool = ..., creation_entity_public_key: _Optional[bytes] = ..., extra_metadata: _Optional[bytes] = ...) -> None: ...

class InvoiceAttachment(_message.Message):
    __slots__ = ("spark_invoice",)
    SPARK_INVOICE_FIELD_NUMBER: _ClassVar[int]
    spark_invoice: str
    def __init__(self, spark_invoice: _Optional[str] = ...) -> None: ...

class TokenOutput(_message.Message):
    __slots__ = ("id", "owner_public_key", "revocation_commitment", "withdraw_bond_sats", "withdraw_relative_block_locktime", "token_public_key", "token_amount", "token_identifier", "status")
    ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    REVOCATION_COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_BOND_SATS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_RELATIVE_BLOCK_LOCKTIME_FIELD_NUMBER: _ClassVar[int]
    TOKEN_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    id: str
    owner_public_key: bytes
    revocation_commitment: bytes
    withdraw_bond_sats: int
    withdraw_relative_block_locktime: int
    token_public_key: bytes
    token_amount: bytes
    token_identifier: bytes
    status: TokenOutputStatus
    def __init__(self, id: _Optional[str] = ..., owner_public_key: _Optional[bytes] = ..., revocation_commitment: _Optional[bytes] = ..., withdraw_bond_sats: _Optional[int] = ..., withdraw_relative_block_locktime: _Optional[int] = ..., token_public_key: _Optional[bytes] = ..., token_amount: _Optional[bytes] = ..., token_identifier: _Optional[bytes] = ..., status: _Optional[_Union[TokenOutputStatus, str]] = ...) -> None: ...

class TokenTransaction(_message.Message):
    __slots__ = ("version", "mint_input", "transfer_input", "create_input", "token_outputs", "spark_operator_identity_public_keys", "expiry_time", "network", "client_created_timestamp", "invoice_attachments", "validity_duration_seconds", "execute_before")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MINT_INPUT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_INPUT_FIELD_NUMBER: _ClassVar[int]
    CREATE_INPUT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    SPARK_OPERATOR_IDENTITY_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_TIME_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    CLIENT_CREATED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    VALIDITY_DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    version: int
    mint_input: TokenMintInput
    transfer_input: TokenTransferInput
    create_input: TokenCreateInput
    token_outputs: _containers.RepeatedCompositeFieldContainer[TokenOutput]
    spark_operator_identity_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    expiry_time: _timestamp_pb2.Timestamp
    network: _spark_pb2.Network
    client_created_timestamp: _timestamp_pb2.Timestamp
    invoice_attachments: _containers.RepeatedCompositeFieldContainer[InvoiceAttachment]
    validity_duration_seconds: int
    execute_before: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., mint_input: _Optional[_Union[TokenMintInput, _Mapping]] = ..., transfer_input: _Optional[_Union[TokenTransferInput, _Mapping]] = ..., create_input: _Optional[_Union[TokenCreateInput, _Mapping]] = ..., token_outputs: _Optional[_Iterable[_Union[TokenOutput, _Mapping]]] = ..., spark_operator_identity_public_keys: _Optional[_Iterable[bytes]] = ..., expiry_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., network: _Optional[_Union[_spark_pb2.Network, str]] = ..., client_created_timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., invoice_attachments: _Optional[_Iterable[_Union[InvoiceAttachment, _Mapping]]] = ..., validity_duration_seconds: _Optional[int] = ..., execute_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TokenTransactionMetadata(_message.Message):
    __slots__ = ("spark_operator_identity_public_keys", "network", "client_created_timestamp", "validity_duration_seconds", "invoice_attachments")
    SPARK_OPERATOR_IDENTITY_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    CLIENT_CREATED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    VALIDITY_DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    INVOICE_ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    spark_operator_identity_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    network: _spark_pb2.Network
    client_created_timestamp: _timestamp_pb2.Timestamp
    validity_duration_seconds: int
    invoice_attachments: _containers.RepeatedCompositeFieldContainer[InvoiceAttachment]
    def __init__(self, spark_operator_identity_public_keys: _Optional[_Iterable[bytes]] = ..., network: _Optional[_Union[_spark_pb2.Network, str]] = ..., client_created_timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., validity_duration_seconds: _Optional[int] = ..., invoice_attachments: _Optional[_Iterable[_Union[InvoiceAttachment, _Mapping]]] = ...) -> None: ...

class PartialTokenOutput(_message.Message):
    __slots__ = ("owner_public_key", "withdraw_bond_sats", "withdraw_relative_block_locktime", "token_identifier", "token_amount")
    OWNER_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_BOND_SATS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_RELATIVE_BLOCK_LOCKTIME_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    TOKEN_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    owner_public_key: bytes
    withdraw_bond_sats: int
    withdraw_relative_block_locktime: int
    token_identifier: bytes
    token_amount: bytes
    def __init__(self, owner_public_key: _Optional[bytes] = ..., withdraw_bond_sats: _Optional[int] = ..., withdraw_relative_block_locktime: _Optional[int] = ..., token_identifier: _Optional[bytes] = ..., token_amount: _Optional[bytes] = ...) -> None: ...

class PartialTokenTransaction(_message.Message):
    __slots__ = ("version", "token_transaction_metadata", "mint_input", "transfer_input", "create_input", "partial_token_outputs", "execute_before")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TRANSACTION_METADATA_FIELD_NUMBER: _ClassVar[int]
    MINT_INPUT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_INPUT_FIELD_NUMBER: _ClassVar[int]
    CREATE_INPUT_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_TOKEN_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    version: int
    token_transaction_metadata: TokenTransactionMetadata
    mint_input: TokenMintInput
    transfer_input: TokenTransferInput
    create_input: TokenCreateInput
    partial_token_outputs: _containers.RepeatedCompositeFieldContainer[PartialTokenOutput]
    execute_before: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., token_transaction_metadata: _Optional[_Union[TokenTransactionMetadata, _Mapping]] = ..., mint_input: _Optional[_Union[TokenMintInput, _Mapping]] = ..., transfer_input: _Optional[_Union[TokenTransferInput, _Mapping]] = ..., create_input: _Optional[_Union[TokenCreateInput, _Mapping]] = ..., partial_token_outputs: _Optional[_Iterable[_Union[PartialTokenOutput, _Mapping]]] = ..., execute_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class FinalTokenOutput(_message.Message):
    __slots__ = ("partial_token_output", "revocation_commitment")
    PARTIAL_TOKEN_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    REVOCATION_COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    partial_token_output: PartialTokenOutput
    revocation_commitment: bytes
    def __init__(self, partial_token_output: _Optional[_Union[PartialTokenOutput, _Mapping]] = ..., revocation_commitment: _Optional[bytes] = ...) -> None: ...

class FinalTokenTransaction(_message.Message):
    __slots__ = ("version", "token_transaction_metadata", "mint_input", "transfer_input", "create_input", "final_token_outputs", "execute_before")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TRANSACTION_METADATA_FIELD_NUMBER: _ClassVar[int]
    MINT_INPUT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_INPUT_FIELD_NUMBER: _ClassVar[int]
    CREATE_INPUT_FIELD_NUMBER: _ClassVar[int]
    FINAL_TOKEN_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    version: int
    token_transaction_metadata: TokenTransactionMetadata
    mint_input: TokenMintInput
    transfer_input: TokenTransferInput
    create_input: TokenCreateInput
    final_token_outputs: _containers.RepeatedCompositeFieldContainer[FinalTokenOutput]
    execute_before: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., token_transaction_metadata: _Optional[_Union[TokenTransactionMetadata, _Mapping]] = ..., mint_input: _Optional[_Union[TokenMintInput, _Mapping]] = ..., transfer_input: _Optional[_Union[TokenTransferInput, _Mapping]] = ..., create_input: _Optional[_Union[TokenCreateInput, _Mapping]] = ..., final_token_outputs: _Optional[_Iterable[_Union[FinalTokenOutput, _Mapping]]] = ..., execute_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class KeyedSignature(_message.Message):
    __slots__ = ("public_key", "signature")
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    public_key: bytes
    signature: bytes
    def __init__(self, public_key: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class SignatureWithIndex(_message.Message):
    __slots__ = ("signature", "input_index", "single_signature")
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    INPUT_INDEX_FIELD_NUMBER: _ClassVar[int]
    SINGLE_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    signature: bytes
    input_index: int
    single_signature: KeyedSignature
    def __init__(self, signature: _Optional[bytes] = ..., input_index: _Optional[int] = ..., single_signature: _Optional[_Union[KeyedSignature, _Mapping]] = ...) -> None: ...

class InputTtxoSignaturesPerOperator(_message.Message):
    __slots__ = ("ttxo_signatures", "operator_identity_public_key")
    TTXO_SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_IDENTITY_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    ttxo_signatures: _containers.RepeatedCompositeFieldContainer[SignatureWithIndex]
    operator_identity_public_key: bytes
    def __init__(self, ttxo_signatures: _Optional[_Iterable[_Union[SignatureWithIndex, _Mapping]]] = ..., operator_identity_public_key: _Optional[bytes] = ...) -> None: ...

class StartTransactionRequest(_message.Message):
    __slots__ = ("identity_public_key", "partial_token_transaction", "partial_token_transaction_owner_signatures", "validity_duration_seconds")
    IDENTITY_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_TOKEN_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_TOKEN_TRANSACTION_OWNER_SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    VALIDITY_DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    identity_public_key: bytes
    partial_token_transaction: TokenTransaction
    partial_token_transaction_owner_signatures: _containers.RepeatedCompositeFieldContainer[SignatureWithIndex]
    validity_duration_seconds: int
    def __init__(self, identity_public_key: _Optional[bytes] = ..., partial_token_transaction: _Optional[_Union[TokenTransaction, _Mapping]] = ..., partial_token_transaction_owner_signatures: _Optional[_Iterable[_Union[SignatureWithIndex, _Mapping]]] = ..., validity_duration_seconds: _Optional[int] = ...) -> None: ...

class StartTransactionResponse(_message.Message):
    __slots__ = ("final_token_transaction", "keyshare_info")
    FINAL_TOKEN_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    KEYSHARE_INFO_FIELD_NUMBER: _ClassVar[int]
    final_token_transaction: TokenTransaction
    keyshare_info: _spark_pb2.SigningKeyshare
    def __init__(self, final_token_transaction: _Optional[_Union[TokenTransaction, _Mapping]] = ..., keyshare_info: _Optional[_Union[_spark_pb2.SigningKeyshare, _Mapping]] = ...) -> None: ...

class CommitTransactionRequest(_message.Message):
    __slots__ = ("final_token_transaction", "final_token_transaction_hash", "input_ttxo_signatures_per_operator", "owner_identity_public_key")
    FINAL_TOKEN_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    FINAL_TOKEN_TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    INPUT_TTXO_SIGNATURES_PER_OPERATOR_FIELD_NUMBER: _ClassVar[int]
    OWNER_IDENTITY_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    final_token_transaction: TokenTransaction
    final_token_transaction_hash: bytes
    input_ttxo_signatures_per_operator: _containers.RepeatedCompositeFieldContainer[InputTtxoSignaturesPerOperator]
    owner_identity_public_key: bytes
    def __init__(self, final_token_transaction: _Optional[_Union[TokenTransaction, _Mapping]] = ..., final_token_transaction_hash: _Optional[bytes] = ..., input_ttxo_signatures_per_operator: _Optional[_Iterable[_Union[InputTtxoSignaturesPerOperator, _Mapping]]] = ..., owner_identity_public_key: _Optional[bytes] = ...) -> None: ...

class CommitProgress(_message.Message):
    __slots__ = ("committed_operator_public_keys", "uncommitted_operator_public_keys")
    COMMITTED_OPERATOR_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    UNCOMMITTED_OPERATOR_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    committed_operator_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    uncommitted_operator_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, committed_operator_public_keys: _Optional[_Iterable[bytes]] = ..., uncommitted_operator_public_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class CommitTransactionResponse(_message.Message):
    __slots__ = ("commit_status", "commit_progress", "token_identifier")
    COMMIT_STATUS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    commit_status: CommitStatus
    commit_progress: CommitProgress
    token_identifier: bytes
    def __init__(self, commit_status: _Optional[_Union[CommitStatus, str]] = ..., commit_progress: _Optional[_Union[CommitProgress, _Mapping]] = ..., token_identifier: _Optional[bytes] = ...) -> None: ...

class BroadcastTransactionRequest(_message.Message):
    __slots__ = ("identity_public_key", "partial_token_transaction", "token_transaction_owner_signatures")
    IDENTITY_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_TOKEN_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TRANSACTION_OWNER_SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    identity_public_key: bytes
    partial_token_transaction: PartialTokenTransaction
    token_transaction_owner_signatures: _containers.RepeatedCompositeFieldContainer[SignatureWithIndex]
    def __init__(self, identity_public_key: _Optional[bytes] = ..., partial_token_transaction: _Optional[_Union[PartialTokenTransaction, _Mapping]] = ..., token_transaction_owner_signatures: _Optional[_Iterable[_Union[SignatureWithIndex, _Mapping]]] = ...) -> None: ...

class BroadcastTransactionResponse(_message.Message):
    __slots__ = ("final_token_transaction", "commit_status", "commit_progress", "token_identifier")
    FINAL_TOKEN_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    COMMIT_STATUS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    final_token_transaction: FinalTokenTransaction
    commit_status: CommitStatus
    commit_progress: CommitProgress
    token_identifier: bytes
    def __init__(self, final_token_transaction: _Optional[_Union[FinalTokenTransaction, _Mapping]] = ..., commit_status: _Optional[_Union[CommitStatus, str]] = ..., commit_progress: _Optional[_Union[CommitProgress, _Mapping]] = ..., token_identifier: _Optional[bytes] = ...) -> None: ...

class FreezeTokensPayload(_message.Message):
    __slots__ = ("version", "owner_public_key", "token_public_key", "token_identifier", "issuer_provided_timestamp", "operator_identity_public_key", "should_unfreeze")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    OWNER_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    ISSUER_PROVIDED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_IDENTITY_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    SHOULD_UNFREEZE_FIELD_NUMBER: _ClassVar[int]
    version: int
    owner_public_key: bytes
    token_public_key: bytes
    token_identifier: bytes
    issuer_provided_timestamp: int
    operator_identity_public_key: bytes
    should_unfreeze: bool
    def __init__(self, version: _Optional[int] = ..., owner_public_key: _Optional[bytes] = ..., token_public_key: _Optional[bytes] = ..., token_identifier: _Optional[bytes] = ..., issuer_provided_timestamp: _Optional[int] = ..., operator_identity_public_key: _Optional[bytes] = ..., should_unfreeze: bool = ...) -> None: ...

class FreezeTokensRequest(_message.Message):
    __slots__ = ("freeze_tokens_payload", "issuer_signature")
    FREEZE_TOKENS_PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    ISSUER_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    freeze_tokens_payload: FreezeTokensPayload
    issuer_signature: bytes
    def __init__(self, freeze_tokens_payload: _Optional[_Union[FreezeTokensPayload, _Mapping]] = ..., issuer_signature: _Optional[bytes] = ...) -> None: ...

class TokenOutputRef(_message.Message):
    __slots__ = ("transaction_hash", "vout")
    TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    VOUT_FIELD_NUMBER: _ClassVar[int]
    transaction_hash: bytes
    vout: int
    def __init__(self, transaction_hash: _Optional[bytes] = ..., vout: _Optional[int] = ...) -> None: ...

class FreezeProgress(_message.Message):
    __slots__ = ("applied_operator_public_keys",)
    APPLIED_OPERATOR_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    applied_operator_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, applied_operator_public_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class FreezeTokensResponse(_message.Message):
    __slots__ = ("impacted_output_ids", "impacted_token_amount", "impacted_token_outputs", "freeze_progress")
    IMPACTED_OUTPUT_IDS_FIELD_NUMBER: _ClassVar[int]
    IMPACTED_TOKEN_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    IMPACTED_TOKEN_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    FREEZE_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    impacted_output_ids: _containers.RepeatedScalarFieldContainer[str]
    impacted_token_amount: bytes
    impacted_token_outputs: _containers.RepeatedCompositeFieldContainer[TokenOutputRef]
    freeze_progress: FreezeProgress
    def __init__(self, impacted_output_ids: _Optional[_Iterable[str]] = ..., impacted_token_amount: _Optional[bytes] = ..., impacted_token_outputs: _Optional[_Iterable[_Union[TokenOutputRef, _Mapping]]] = ..., freeze_progress: _Optional[_Union[FreezeProgress, _Mapping]] = ...) -> None: ...

class QueryTokenMetadataRequest(_message.Message):
    __slots__ = ("token_identifiers", "issuer_public_keys")
    TOKEN_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    ISSUER_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    token_identifiers: _containers.RepeatedScalarFieldContainer[bytes]
    issuer_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, token_identifiers: _Optional[_Iterable[bytes]] = ..., issuer_public_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class TokenMetadata(_message.Message):
    __slots__ = ("issuer_public_key", "token_name", "token_ticker", "decimals", "max_supply", "is_freezable", "creation_entity_public_key", "token_identifier", "extra_metadata")
    ISSUER_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_NAME_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TICKER_FIELD_NUMBER: _ClassVar[int]
    DECIMALS_FIELD_NUMBER: _ClassVar[int]
    MAX_SUPPLY_FIELD_NUMBER: _ClassVar[int]
    IS_FREEZABLE_FIELD_NUMBER: _ClassVar[int]
    CREATION_ENTITY_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    EXTRA_METADATA_FIELD_NUMBER: _ClassVar[int]
    issuer_public_key: bytes
    token_name: str
    token_ticker: str
    decimals: int
    max_supply: bytes
    is_freezable: bool
    creation_entity_public_key: bytes
    token_identifier: bytes
    extra_metadata: bytes
    def __init__(self, issuer_public_key: _Optional[bytes] = ..., token_name: _Optional[str] = ..., token_ticker: _Optional[str] = ..., decimals: _Optional[int] = ..., max_supply: _Optional[bytes] = ..., is_freezable: bool = ..., creation_entity_public_key: _Optional[bytes] = ..., token_identifier: _Optional[bytes] = ..., extra_metadata: _Optional[bytes] = ...) -> None: ...

class QueryTokenMetadataResponse(_message.Message):
    __slots__ = ("token_metadata",)
    TOKEN_METADATA_FIELD_NUMBER: _ClassVar[int]
    token_metadata: _containers.RepeatedCompositeFieldContainer[TokenMetadata]
    def __init__(self, token_metadata: _Optional[_Iterable[_Union[TokenMetadata, _Mapping]]] = ...) -> None: ...

class QueryTokenOutputsRequest(_message.Message):
    __slots__ = ("owner_public_keys", "issuer_public_keys", "network", "token_identifiers", "page_request")
    OWNER_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    ISSUER_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    PAGE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    owner_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    issuer_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    network: _spark_pb2.Network
    token_identifiers: _containers.RepeatedScalarFieldContainer[bytes]
    page_request: _spark_pb2.PageRequest
    def __init__(self, owner_public_keys: _Optional[_Iterable[bytes]] = ..., issuer_public_keys: _Optional[_Iterable[bytes]] = ..., network: _Optional[_Union[_spark_pb2.Network, str]] = ..., token_identifiers: _Optional[_Iterable[bytes]] = ..., page_request: _Optional[_Union[_spark_pb2.PageRequest, _Mapping]] = ...) -> None: ...

class OutputWithPreviousTransactionData(_message.Message):
    __slots__ = ("output", "previous_transaction_hash", "previous_transaction_vout")
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_TRANSACTION_VOUT_FIELD_NUMBER: _ClassVar[int]
    output: TokenOutput
    previous_transaction_hash: bytes
    previous_transaction_vout: int
    def __init__(self, output: _Optional[_Union[TokenOutput, _Mapping]] = ..., previous_transaction_hash: _Optional[bytes] = ..., previous_transaction_vout: _Optional[int] = ...) -> None: ...

class QueryTokenOutputsResponse(_message.Message):
    __slots__ = ("outputs_with_previous_transaction_data", "page_response")
    OUTPUTS_WITH_PREVIOUS_TRANSACTION_DATA_FIELD_NUMBER: _ClassVar[int]
    PAGE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    outputs_with_previous_transaction_data: _containers.RepeatedCompositeFieldContainer[OutputWithPreviousTransactionData]
    page_response: _spark_pb2.PageResponse
    def __init__(self, outputs_with_previous_transaction_data: _Optional[_Iterable[_Union[OutputWithPreviousTransactionData, _Mapping]]] = ..., page_response: _Optional[_Union[_spark_pb2.PageResponse, _Mapping]] = ...) -> None: ...

class QueryTokenTransactionsByTxHash(_message.Message):
    __slots__ = ("token_transaction_hashes",)
    TOKEN_TRANSACTION_HASHES_FIELD_NUMBER: _ClassVar[int]
    token_transaction_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, token_transaction_hashes: _Optional[_Iterable[bytes]] = ...) -> None: ...

class QueryTokenTransactionsByFilters(_message.Message):
    __slots__ = ("output_ids", "owner_public_keys", "issuer_public_keys", "token_identifiers", "page_request")
    OUTPUT_IDS_FIELD_NUMBER: _ClassVar[int]
    OWNER_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    ISSUER_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    PAGE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    output_ids: _containers.RepeatedScalarFieldContainer[str]
    owner_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    issuer_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    token_identifiers: _containers.RepeatedScalarFieldContainer[bytes]
    page_request: _spark_pb2.PageRequest
    def __init__(self, output_ids: _Optional[_Iterable[str]] = ..., owner_public_keys: _Optional[_Iterable[bytes]] = ..., issuer_public_keys: _Optional[_Iterable[bytes]] = ..., token_identifiers: _Optional[_Iterable[bytes]] = ..., page_request: _Optional[_Union[_spark_pb2.PageRequest, _Mapping]] = ...) -> None: ...

class QueryTokenTransactionsRequest(_message.Message):
    __slots__ = ("output_ids", "owner_public_keys", "issuer_public_keys", "token_transaction_hashes", "limit", "offset", "token_identifiers", "order", "by_tx_hash", "by_filters")
    OUTPUT_IDS_FIELD_NUMBER: _ClassVar[int]
    OWNER_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    ISSUER_PUBLIC_KEYS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TRANSACTION_HASHES_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    BY_TX_HASH_FIELD_NUMBER: _ClassVar[int]
    BY_FILTERS_FIELD_NUMBER: _ClassVar[int]
    output_ids: _containers.RepeatedScalarFieldContainer[str]
    owner_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    issuer_public_keys: _containers.RepeatedScalarFieldContainer[bytes]
    token_transaction_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    limit: int
    offset: int
    token_identifiers: _containers.RepeatedScalarFieldContainer[bytes]
    order: _spark_pb2.Order
    by_tx_hash: QueryTokenTransactionsByTxHash
    by_filters: QueryTokenTransactionsByFilters
    def __init__(self, output_ids: _Optional[_Iterable[str]] = ..., owner_public_keys: _Optional[_Iterable[bytes]] = ..., issuer_public_keys: _Optional[_Iterable[bytes]] = ..., token_transaction_hashes: _Optional[_Iterable[bytes]] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ..., token_identifiers: _Optional[_Iterable[bytes]] = ..., order: _Optional[_Union[_spark_pb2.Order, str]] = ..., by_tx_hash: _Optional[_Union[QueryTokenTransactionsByTxHash, _Mapping]] = ..., by_filters: _Optional[_Union[QueryTokenTransactionsByFilters, _Mapping]] = ...) -> None: ...

class TokenTransactionWithStatus(_message.Message):
    __slots__ = ("token_transaction", "status", "token_transaction_hash")
    TOKEN_TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TRANSACTION_HASH_FIELD_NUMBER: _ClassVar[int]
    token_transaction: TokenTransaction
    status: TokenTransactionStatus
    token_transaction_hash: bytes
    def __init__(self, token_transaction: _Optional[_Union[TokenTransaction, _Mapping]] = ..., status: _Optional[_Union[TokenTransactionStatus, str]] = ..., token_transaction_hash: _Optional[bytes] = ...) -> None: ...

class QueryTokenTransactionsResponse(_message.Message):
    __slots__ = ("token_transactions_with_status", "offset", "page_response")
    TOKEN_TRANSACTIONS_WITH_STATUS_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    PAGE_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    token_transactions_with_status: _containers.RepeatedCompositeFieldContainer[TokenTransactionWithStatus]
    offset: int
    page_response: _spark_pb2.PageResponse
    def __init__(self, token_transactions_with_status: _Optional[_Iterable[_Union[TokenTransactionWithStatus, _Mapping]]] = ..., offset: _Optional[int] = ..., page_response: _Optional[_Union[_spark_pb2.PageResponse, _Mapping]] = ...) -> None: ...
