"""gRPC-web: the operators' methods over HTTP/1.1, for wallets that have fetch and nothing else.

The format is gRPC's PROTOCOL-WEB, as far as wallets use it: binary, uncompressed, one request to one call.
"""

from __future__ import annotations  # grpc's classes are generic in their stubs alone

import logging
import struct
from collections.abc import AsyncIterator, Sequence
from typing import Any, NoReturn
from urllib.parse import quote

import grpc
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from exporter.network.servers.grpc_server import LACKING, MAX_REQUEST_BYTES, Context, Methods

_log = logging.getLogger(__name__)

CONTENT_TYPE = "application/grpc-web+proto"
_ACCEPTED = (CONTENT_TYPE, "application/grpc-web")
_HEAD = struct.Struct(">BI")  # of a frame: its flags, and how many bytes follow
_TRAILERS = 0x80


def route(methods: Methods) -> Route:
    """The route of an operator's methods, below the operator's address."""

    async def serve(request: Request) -> Response:
        if request.headers.get("content-type") not in _ACCEPTED:
            return Response(f"want {CONTENT_TYPE}", 415)
        handler = methods.get("/{service}/{method}".format_map(request.path_params))
        frames = _answer(handler, await _body(request), _Context(request))
        try:
            first = await anext(frames)
        except _AbortError as aborted:
            return Response(headers=_status(aborted.code, str(aborted)), media_type=CONTENT_TYPE)
        if handler is not None and handler.response_streaming:
            return StreamingResponse(_from(first, frames), media_type=CONTENT_TYPE)
        return Response(first + b"".join([frame async for frame in frames]), media_type=CONTENT_TYPE)

    return Route("/{service}/{method}", serve, methods=["POST"])


class _AbortError(Exception):
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code = code


class _Context:
    """A call's headers as metadata, and its way to end with another status than OK."""

    def __init__(self, request: Request) -> None:
        self._headers = request.headers

    def invocation_metadata(self) -> list[tuple[str, str | bytes]]:
        return [*self._headers.items()]

    async def send_initial_metadata(self, initial_metadata: Sequence[tuple[str, str]]) -> None:
        """Nothing: the web server sends a date by itself."""

    async def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise _AbortError(code, details)


async def _answer(handler: Any, body: bytes, context: Context) -> AsyncIterator[bytes]:
    """The frames of the answer: its messages, then the status as trailers.

    Raises:
        _AbortError: the call fails before its first message: its status belongs in the headers.
    """
    started = False
    try:
        async for message in _messages(handler, body, context):
            yield _frame(message)
            started = True
    except _AbortError as aborted:
        if not started:
            raise
        yield _trailers(aborted.code, str(aborted))
    else:
        yield _trailers(grpc.StatusCode.OK)


async def _messages(handler: Any, body: bytes, context: Context) -> AsyncIterator[bytes]:
    """The serialised messages of the answer; raises _AbortError."""
    if handler is None:
        raise _AbortError(grpc.StatusCode.UNIMPLEMENTED, LACKING)
    try:
        message = handler.request_deserializer(_message(body))
        if handler.response_streaming:
            async for each in handler.unary_stream(message, context):
                yield handler.response_serializer(each)
        else:
            yield handler.response_serializer(await handler.unary_unary(message, context))
    except _AbortError:
        raise
    except Exception as fault:  # as gRPC itself has it: a fault is an answer too
        _log.exception("a call over gRPC-web failed")
        raise _AbortError(grpc.StatusCode.UNKNOWN, "the call failed") from fault


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for frame in rest:
        yield frame


async def _body(request: Request) -> bytes:
    """The request's body, or just more of it than is allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            break
    return bytes(body)


def _message(body: bytes) -> bytes:
    if len(body) > MAX_REQUEST_BYTES:
        raise _AbortError(grpc.StatusCode.RESOURCE_EXHAUSTED, f"want {MAX_REQUEST_BYTES} bytes at most")
    message = body[_HEAD.size :]
    if body[: _HEAD.size] != _HEAD.pack(0, len(message)):
        raise _AbortError(grpc.StatusCode.INTERNAL, "want one message, uncompressed, in one frame")
    return message


def _frame(message: bytes, flags: int = 0) -> bytes:
    return _HEAD.pack(flags, len(message)) + message


def _status(code: grpc.StatusCode, details: str = "") -> dict[str, str]:
    return {"grpc-status": str(code.value[0]), "grpc-message": quote(details, safe=" ")}


def _trailers(code: grpc.StatusCode, details: str = "") -> bytes:
    lines = (f"{name}:{value}\r\n" for name, value in _status(code, details).items())
    return _frame("".join(lines).encode(), _TRAILERS)
