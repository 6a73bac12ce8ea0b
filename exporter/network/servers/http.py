"""The network's HTTP side: the provider's and the faucet's GraphQL endpoint, the chain, the operators' gRPC-web."""

import base64
import binascii
import hmac
import json
import zlib
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from exporter.network.ledger.chain import Chain
from exporter.network.ledger.errors import NotAuthenticated, Unavailable
from exporter.network.servers import esplora, grpc_web
from exporter.network.servers.faults import Faults
from exporter.network.servers.graphql.api import Api, Caller
from exporter.network.servers.grpc_server import Methods
from exporter.settings.network import FaucetLogin

GRAPHQL_PATH = "graphql/spark/rc"
_MAX_BODY_BYTES = 1 << 20
_FAUCET_OPERATION = "RequestRegtestFunds"


def operator_path(number: int) -> str:
    """Where an operator answers gRPC-web."""
    return f"/operators/{number}"


def app(
    api: Api,
    chain: Chain,
    faucet: FaucetLogin | None = None,
    faults: Faults | None = None,
    operators: Sequence[Methods] = (),
) -> Starlette:
    """The application; a faucet without login is open to everybody, and has no faults."""

    async def graphql(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _error(413, f"want {_MAX_BODY_BYTES} bytes at most")
        asked = _asked(body)
        if asked is None:
            return _error(400, "want a JSON object with a query, its variables and the name of an operation")
        query, variables, operation = asked
        try:
            if faults is not None and operation != _FAUCET_OPERATION:
                await faults.before_request()
            return JSONResponse(api.execute(query, variables, operation, _caller(api, request, faucet)))
        except NotAuthenticated as refusal:
            return _error(401, str(refusal))
        except Unavailable as refusal:
            return _error(503, str(refusal))

    return Starlette(
        routes=[
            Route(f"/{GRAPHQL_PATH}", graphql, methods=["POST"]),
            *esplora.routes(chain),
            *(Mount(operator_path(number), routes=[grpc_web.route(each)]) for number, each in enumerate(operators)),
        ]
    )


async def _body(request: Request) -> bytes | None:
    """A request's body, which some wallets compress; None if it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            return None
    if request.headers.get("content-encoding") != "deflate":
        return bytes(body)
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(body, _MAX_BODY_BYTES)
    except zlib.error:
        return b""
    return plain if unpacking.eof else None


def _asked(body: bytes) -> tuple[str, dict[str, Any], str | None] | None:
    """What a body asks: the query, its variables, the name of the operation; None if it asks nothing."""
    try:
        text = body.decode()
        found = json.loads(text)
        query, variables, operation = found["query"], found.get("variables") or {}, found.get("operationName")
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # half of a pair of surrogates is no text
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    is_well_formed = isinstance(query, str) and isinstance(variables, dict) and isinstance(operation, str | None)
    return (query, variables, operation) if is_well_formed else None


def _error(status: int, message: str) -> Response:
    return JSONResponse({"data": None, "errors": [{"message": message}]}, status_code=status)


def _caller(api: Api, request: Request, faucet: FaucetLogin | None) -> Caller:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    token = credentials if scheme.lower() == "bearer" else None
    if faucet is None:
        return Caller(token, may_fund=True, sessions=api.sessions)
    wanted = f"{faucet.username}:{faucet.password}".encode()
    given = _decoded(credentials) if scheme.lower() == "basic" else b""
    return Caller(token, may_fund=hmac.compare_digest(given, wanted), sessions=api.sessions)


def _decoded(credentials: str) -> bytes:
    try:
        return base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return b""
