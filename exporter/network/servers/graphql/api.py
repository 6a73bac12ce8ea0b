"""Answers GraphQL requests from resolvers."""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    separate_operations,
    validate,
)

from exporter.network.ledger.errors import NotAuthenticated, Refused
from exporter.network.parties.sessions import Sessions
from exporter.network.servers.graphql.values import Json

_log = logging.getLogger(__name__)

_LARGEST = 2**63 - 1
_MOST_TOKENS = 10_000  # validating takes time by the square of them


def _schema() -> GraphQLSchema:
    """The schema, whose own scalars are checked as GraphQL's are: whole numbers of 64 bits, and texts."""
    schema = build_schema(resources.files(__package__).joinpath("schema.graphql").read_text())
    for name, check in {"Long": _long, **dict.fromkeys(("DateTime", "Hash32", "PublicKey", "UUID"), _text)}.items():
        for coercion in ("coerce_input_value", "parse_value"):  # the name from graphql-core 3.3 on, and the one before
            setattr(schema.type_map[name], coercion, check)
    return schema


def _long(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise GraphQLError("want a whole number of 64 bits")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError("want a text")
    return value


_SCHEMA = _schema()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the bearer token of the request, if there was one, and whether the faucet is open to it."""

    token: str | None
    may_fund: bool
    sessions: Sessions

    @property
    def identity(self) -> bytes:
        """The identity key that the session names; raises NotAuthenticated."""
        if self.token is None:
            raise NotAuthenticated("there is no session token")
        return self.sessions.identity(self.token)


class Api:
    """All queries and mutations: every field of the schema's roots is a method of one of the resolvers."""

    def __init__(self, sessions: Sessions, *resolvers: object) -> None:
        self.sessions = sessions
        roots = (_SCHEMA.query_type, _SCHEMA.mutation_type)
        names = [name for root in roots if root for name in root.fields]
        self._root: dict[str, Callable[..., Any]] = {
            name: getattr(resolver, name) for name in names for resolver in resolvers if hasattr(resolver, name)
        }
        if missing := set(names) - set(self._root):
            raise LookupError(f"nothing resolves {', '.join(sorted(missing))}")

    def execute(self, query: str, variables: Json | None, operation: str | None, caller: Caller) -> Json:
        """Answer a request with its ``data`` and ``errors``.

        Raises:
            NotAuthenticated: the session is missing or has expired.
        """
        document = _document(query, operation)
        if isinstance(document, GraphQLError):
            return dict(ExecutionResult(data=None, errors=[document]).formatted)
        result = execute_sync(_SCHEMA, document, self._root, context_value=caller, variable_values=variables)
        for error in result.errors or ():
            match error.original_error:
                case NotAuthenticated() as refusal:
                    raise refusal
                case None | Refused() | GraphQLError():
                    pass
                case fault:
                    _log.error("a request failed", exc_info=fault)
        return dict(result.formatted)


@functools.lru_cache(maxsize=128)
def _document(query: str, operation: str | None) -> DocumentNode | GraphQLError:
    """The operation asked for, alone: wallets send all that they know in every request."""
    try:
        operations = separate_operations(parse(query, no_location=True, max_tokens=_MOST_TOKENS))
    except GraphQLError as error:
        return error
    except RecursionError:
        return GraphQLError("the document is nested too deeply")
    document = operations.get(operation or "") or (next(iter(operations.values())) if len(operations) == 1 else None)
    if document is None:
        return GraphQLError(f"there is no operation {operation!r}")
    errors = validate(_SCHEMA, document)
    return errors[0] if errors else document
