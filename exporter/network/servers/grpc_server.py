"""The operators' methods as gRPC has them, with sessions and refusals as statuses; and the server, one an operator."""

from __future__ import annotations  # grpc's classes are generic in their stubs alone

import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from email.utils import formatdate
from typing import Any, NoReturn, Protocol, TypeAlias

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from exporter.network.ledger import errors
from exporter.network.ledger.errors import Invalid, NotAuthenticated, Refused
from exporter.network.parties.sessions import Session, Sessions

_log = logging.getLogger(__name__)

_STATUS: dict[type[Refused], grpc.StatusCode] = {
    errors.NotAuthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.NotAllowed: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotReady: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Exists: grpc.StatusCode.ALREADY_EXISTS,
    errors.Preempted: grpc.StatusCode.ABORTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.Broken: grpc.StatusCode.INTERNAL,
}

LACKING = "there is no such method here: docs/network.md says what the local network leaves out"
MAX_REQUEST_BYTES = 16 << 20
_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.so_reuseport", 0),  # a port in use is an error, not a second listener
]

Methods: TypeAlias = "Mapping[str, grpc.RpcMethodHandler[Any, Any]]"  # by path: /package.Service/method
BeforeCall: TypeAlias = Callable[[], Awaitable[None]]


class Context(Protocol):
    """What the methods need of a call, whatever carries it."""

    def invocation_metadata(self) -> Iterable[tuple[str, str | bytes]] | None: ...

    async def send_initial_metadata(self, initial_metadata: Sequence[tuple[str, str]]) -> None: ...

    async def abort(self, code: grpc.StatusCode, details: str) -> NoReturn: ...


def new_server(
    credentials: grpc.ServerCredentials, host: str, port: int, methods: Methods
) -> tuple[grpc.aio.Server, int]:
    """A server that is not started, and the port it took (of its own choice if ``port`` is 0).

    Raises:
        RuntimeError: the port is in use.
    """
    server = grpc.aio.server(handlers=[_Routing(methods)], options=_OPTIONS)
    return server, server.add_secure_port(f"{host}:{port}", credentials)


async def _refuse_lacking(request: bytes, context: Context) -> NoReturn:
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, LACKING)


_LACKING: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(_refuse_lacking)


class _Routing(grpc.GenericRpcHandler):
    """Leads every call to the method of that path; the others are UNIMPLEMENTED."""

    def __init__(self, methods: Methods) -> None:
        self._methods = methods

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        return self._methods.get(handler_call_details.method) or _LACKING


def methods_of(
    service: ServiceDescriptor, sessions: Sessions, *implementations: object, before_call: BeforeCall | None = None
) -> Methods:
    """Those methods of a service that an implementation has.

    They take the request and the caller's identity key, which the session in the call's metadata names.
    ``before_call`` may delay a call or refuse it.
    """
    return {
        _path(method): _handler(method, function, sessions, before_call)
        for method in service.methods
        for implementation in implementations
        if (function := getattr(implementation, method.name, None)) is not None
    }


def open_methods_of(service: ServiceDescriptor, implementation: object) -> Methods:
    """As `methods_of`, for a service that asks for no session: its methods take the request alone."""
    return {_path(method): _handler(method, getattr(implementation, method.name)) for method in service.methods}


def _path(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def _handler(
    method: MethodDescriptor,
    function: Callable[..., Any],
    sessions: Sessions | None = None,
    before_call: BeforeCall | None = None,
) -> grpc.RpcMethodHandler[Any, Any]:
    make = grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
    wrap = _streaming if method.server_streaming else _unary
    return make(
        wrap(function, sessions, before_call),
        request_deserializer=_reader(GetMessageClass(method.input_type)),
        response_serializer=GetMessageClass(method.output_type).SerializeToString,
    )


def _reader(kind: type[Message]) -> Callable[[bytes], Message | None]:
    """Read a request, None for what is none: what is raised here gRPC would answer as a fault of ours."""

    def read(raw: bytes) -> Message | None:
        try:
            return kind.FromString(raw)
        except DecodeError:
            return None

    return read


@contextlib.contextmanager
def _refusals(request: Message | None) -> Iterator[None]:
    """Turn what can't be asked into a refusal: no request, or a number that the store has no room for."""
    if request is None:
        raise Invalid("the request is not of the method's type")
    try:
        yield
    except OverflowError:
        raise Invalid("a number in the request is too large") from None


def _unary(
    function: Callable[..., Awaitable[Any]], sessions: Sessions | None, before_call: BeforeCall | None
) -> Callable[..., Awaitable[Any]]:
    async def serve(request: Any, context: Context) -> Any:
        started = time.perf_counter()
        try:
            with _refusals(request):
                if before_call is not None:
                    await before_call()
                session = _session(context, sessions) if sessions else None
                answer = await function(request, *_caller(session))
                if session is None or session.wants_time(time.time()):
                    await _send_time(context, time.perf_counter() - started)
                return answer
        except Refused as refusal:
            await _refuse(context, function.__name__, refusal)

    return serve


def _streaming(
    function: Callable[..., AsyncIterator[Any]], sessions: Sessions | None, before_call: BeforeCall | None
) -> Callable[..., AsyncIterator[Any]]:
    async def serve(request: Any, context: Context) -> AsyncIterator[Any]:
        try:
            with _refusals(request):
                if before_call is not None:
                    await before_call()
                session = _session(context, sessions) if sessions else None
                await _send_time(context, 0.0)
                async for message in function(request, *_caller(session)):
                    yield message
        except Refused as refusal:
            await _refuse(context, function.__name__, refusal)

    return serve


def _caller(session: Session | None) -> tuple[bytes, ...]:
    return () if session is None else (session.identity,)


def _session(context: Context, sessions: Sessions) -> Session:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            token = value if isinstance(value, str) else value.decode("ascii", "replace")
            return sessions.session(token.removeprefix("Bearer "))  # some wallets name the scheme
    raise NotAuthenticated("there is no session token")


async def _send_time(context: Context, seconds: float) -> None:
    """The time of the answer and how long it took, by which wallets correct their clocks.

    Metadata is a batch of its own in gRPC, and costs as much as the answer: not every answer has it.
    A date has whole seconds: rounded up, as wallets look for the transfers that were started before it.
    """
    date = formatdate(math.ceil(time.time()), usegmt=True)
    await context.send_initial_metadata([("date", date), ("x-processing-time-ms", f"{seconds * 1000:.3f}")])


async def _refuse(context: Context, method: str, refusal: Refused) -> None:
    _log.info("%s refused: %s: %s", method, type(refusal).__name__, refusal)
    await context.abort(_STATUS[type(refusal)], str(refusal))
