"""Answers GraphQL requests from resolvers."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

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

from exporter.network.ledger.errors import NotAuthenticated, Refused
from exporter.network.parties.sessions import Sessions
from exporter.network.servers.graphql.values import Json

_SCHEMA = build_schema(resources.files(__package__).joinpath("schema.graphql").read_text())


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
                    raise fault
        return dict(result.formatted)


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
