"""gRPC-web apart from what it carries: what is malformed, and streams that are left."""

import asyncio
from io import BytesIO
from typing import Any

import grpc
import pytest
from asgi_client import Answer, request
from operator_clients import IDENTITY, framed, frames, status_in, status_of_headers
from starlette.applications import Starlette

from exporter.network.assembly import Services
from exporter.network.ledger.archive import Archive
from exporter.network.parties.sessions import Session, Sessions
from exporter.network.proto import spark_pb2 as pb
from exporter.network.servers import grpc_server, grpc_web
from exporter.network.servers.grpc_server import MAX_REQUEST_BYTES

SERVICE = pb.DESCRIPTOR.services_by_name["SparkService"]
QUERY = "/spark.SparkService/query_balance"
SUBSCRIBE = "/spark.SparkService/subscribe_to_events"


class _EverybodysSessions(Sessions):
    def session(self, token: str) -> Session:
        return Session(IDENTITY, expiry=0)


def application(services: Services) -> Starlette:
    methods = grpc_server.methods_of(SERVICE, _EverybodysSessions(), *services.spark_services)
    return Starlette(routes=[grpc_web.route(methods)])


def post(path: str, body: bytes, **headers: str) -> Answer:
    given = {"content-type": "application/grpc-web+proto"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return request(application(Services(Archive())), "POST", path, body, given)


@pytest.mark.parametrize(
    ("path", "body", "code", "problem"),
    [
        ("/spark.SparkService/no_such_method", framed(b""), grpc.StatusCode.UNIMPLEMENTED, "no such method"),
        (QUERY, b"", grpc.StatusCode.INTERNAL, "one message"),
        (QUERY, framed(b"") + framed(b""), grpc.StatusCode.INTERNAL, "one message"),
        (QUERY, framed(b"\x08\x01")[:-1], grpc.StatusCode.INTERNAL, "one message"),
        (QUERY, b"\x01" + framed(b"")[1:], grpc.StatusCode.INTERNAL, "uncompressed"),
        (QUERY, framed(b"\xff\xff"), grpc.StatusCode.INVALID_ARGUMENT, "type"),
        (QUERY, framed(bytes(MAX_REQUEST_BYTES)), grpc.StatusCode.RESOURCE_EXHAUSTED, "at most"),
        (QUERY, framed(b""), grpc.StatusCode.UNAUTHENTICATED, "no session token"),
    ],
)
def test_a_malformed_call_has_a_status_too(path: str, body: bytes, code: grpc.StatusCode, problem: str) -> None:
    answer = post(path, body)
    assert answer.status == 200
    assert answer.body == b""  # an error without a message is in the headers alone
    told, details = status_of_headers(answer.headers)
    assert told is code
    assert problem in details


def test_a_call_in_order_is_answered_by_a_message_and_a_status() -> None:
    message, trailers = frames(BytesIO(post(QUERY, framed(b""), authorization="token").body))
    assert message == (0, pb.QueryBalanceResponse().SerializeToString())
    assert status_in(trailers[1]) == (grpc.StatusCode.OK, "")


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc-web-text", "application/json"])
def test_what_is_not_grpc_web_is_refused(kind: str) -> None:
    assert post(QUERY, framed(b""), content_type=kind).status == 415


def test_a_stream_whose_reader_leaves_is_closed() -> None:
    async def check() -> None:
        services = Services(Archive())
        opened, left = asyncio.Event(), asyncio.Event()
        subscribe = pb.SubscribeToEventsRequest(identity_public_key=IDENTITY).SerializeToString()
        came = iter([{"type": "http.request", "body": framed(subscribe)}])

        async def receive() -> dict[str, Any]:
            for message in came:
                return message
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message.get("body"):
                opened.set()

        headers = [(b"content-type", b"application/grpc-web+proto"), (b"authorization", b"token")]
        scope = {"type": "http", "method": "POST", "path": SUBSCRIBE, "headers": headers}
        call = asyncio.create_task(application(services)(scope, receive, send))
        await opened.wait()
        assert services.events.open_streams == 1
        left.set()
        await call
        assert services.events.open_streams == 0

    asyncio.run(asyncio.wait_for(check(), 60))
