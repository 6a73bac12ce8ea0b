"""The service provider's GraphQL: resolvers over `ServiceProvider`, and signing in."""

import base64
import binascii
import datetime
import functools
import secrets
from dataclasses import dataclass
from importlib import resources
from typing import Any

from google.protobuf.message import DecodeError
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    build_schema,
    execute_sync,
    parse,
    separate_operations,
    validate,
)

from exporter.network import addresses
from exporter.network.errors import Invalid, NotAuthenticated, Refused
from exporter.network.ledger import Transfer
from exporter.network.proto import ssp_authn_pb2
from exporter.network.sessions import Sessions
from exporter.network.ssp import ServiceProvider

_SCHEMA = build_schema(resources.files(__package__).joinpath("schema.graphql").read_text())
_NETWORK = "REGTEST"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the bearer token of the request, if there was one, and whether the faucet is open to it."""

    token: str | None
    may_fund: bool


class Api:
    """The root of all queries and mutations: a method a field."""

    def __init__(self, provider: ServiceProvider, sessions: Sessions) -> None:
        self._provider = provider
        self._sessions = sessions

    def execute(self, query: str, variables: Json | None, operation: str | None, caller: Caller) -> Json:
        """Answer a request with its ``data`` and ``errors``.

        Raises:
            NotAuthenticated: the session is missing or has expired.
        """
        document = _document(query, operation)
        if isinstance(document, GraphQLError):
            return dict(ExecutionResult(data=None, errors=[document]).formatted)
        result = execute_sync(_SCHEMA, document, self, context_value=caller, variable_values=variables)
        for error in result.errors or ():
            match error.original_error:
                case NotAuthenticated() as refusal:
                    raise refusal
                case None | Refused():
                    pass
                case fault:
                    raise fault
        return dict(result.formatted)

    # Signing in

    def get_challenge(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        challenge = ssp_authn_pb2.Challenge(
            version=1,
            timestamp=self._sessions.timestamp(),
            nonce=secrets.token_bytes(32),
            public_key=_hex(input["public_key"], "public_key"),
        )
        mac = self._sessions.authenticate(challenge.SerializeToString(deterministic=True))
        protected = ssp_authn_pb2.ProtectedChallenge(version=1, challenge=challenge, server_hmac=mac)
        return {"protected_challenge": _base64(protected.SerializeToString(deterministic=True))}

    def verify_challenge(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        signed = _from_base64(input["protected_challenge"], "protected_challenge")
        try:
            protected = ssp_authn_pb2.ProtectedChallenge.FromString(signed)
        except DecodeError as error:
            raise Invalid("protected_challenge is not a challenge") from error
        challenge = protected.challenge
        raw = challenge.SerializeToString(deterministic=True)
        self._sessions.check_challenge(raw, protected.server_hmac, challenge.timestamp)
        identity = _hex(input["identity_public_key"], "identity_public_key")
        if identity != challenge.public_key:
            raise Invalid("the challenge was made for another public key")
        signature = _from_base64(input["signature"], "signature")
        token, expiry = self._sessions.open(identity, signature, signed)
        return {"session_token": token, "valid_until": _time(expiry)}

    def _identity(self, info: Any) -> bytes:
        caller: Caller = info.context
        if caller.token is None:
            raise NotAuthenticated("there is no session token")
        return self._sessions.identity(caller.token)

    # Swaps

    def leaves_swap_fee_estimate(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        return {"fee_estimate": _sats(0)}

    def request_swap(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        swap = self._provider.swap(
            self._identity(info),
            input["user_outbound_transfer_external_id"],
            input["total_amount_sats"],
            input["target_amount_sats"],
        )
        created = _time(swap.inbound.row.created)
        return {
            "request": {
                "__typename": "LeavesSwapRequest",
                "id": f"LeavesSwapRequest:{swap.id}",
                "created_at": created,
                "updated_at": created,
                "network": _NETWORK,
                "status": "SUCCEEDED",
                "total_amount": _sats(swap.total_sats),
                "target_amount": _sats(swap.target_sats),
                "fee": _sats(0),
                "inbound_transfer": _transfer(swap.inbound),
                "outbound_transfer": _transfer(swap.outbound),
                "expires_at": None,
                "swap_leaves": [],
            }
        }

    # What became of requests

    def transfers(self, info: Any, transfer_spark_ids: list[str]) -> list[Json]:
        self._identity(info)
        return []

    def user_request(self, info: Any, request_id: str) -> Json | None:
        self._identity(info)
        return None

    # Faucet

    def request_regtest_funds(self, info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        caller: Caller = info.context
        if not caller.may_fund:
            raise NotAuthenticated("the faucet needs a user name and a password")
        receiver = addresses.spark_identity(input["address"])
        transfer = self._provider.fund(receiver, input["amount_sats"])
        return {"transaction_hash": transfer.row.id.replace("-", "")}


@functools.lru_cache(maxsize=128)
def _document(query: str, operation: str | None) -> DocumentNode | GraphQLError:
    """The operation asked for, alone: wallets send all that they know in every request."""
    try:
        operations = separate_operations(parse(query))
    except GraphQLError as error:
        return error
    document = operations.get(operation or "") or (next(iter(operations.values())) if len(operations) == 1 else None)
    if document is None:
        return GraphQLError(f"there is no operation {operation!r}")
    errors = validate(_SCHEMA, document)
    return errors[0] if errors else document


def _sats(value: int) -> Json:
    return {
        "original_value": value,
        "original_unit": "SATOSHI",
        "preferred_currency_unit": "SATOSHI",
        "preferred_currency_value_rounded": value,
        "preferred_currency_value_approx": float(value),
    }


def _transfer(transfer: Transfer) -> Json:
    return {"total_amount": _sats(transfer.row.value), "spark_id": transfer.row.id, "user_request": None}


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def _hex(text: str, name: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Invalid(f"{name} is not hexadecimal") from error


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_base64(text: str, name: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"{name} is not base64") from error
