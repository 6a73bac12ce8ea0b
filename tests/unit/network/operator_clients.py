"""One operator's services, called by name: over gRPC, and over gRPC-web."""

import asyncio
import struct
from collections.abc import Awaitable, Iterator
from typing import Any
from urllib.parse import unquote

import grpc
import pytest
import requests
from google.protobuf.message_factory import GetMessageClass

from exporter.network.ledger import keys
from exporter.network.proto import authn_pb2
from exporter.network.proto import spark_pb2 as pb

SECRET = 11
IDENTITY = keys.public_key(SECRET)
LIMIT_SECONDS = 20
_STATUS = {code.value[0]: code for code in grpc.StatusCode}


class Client:
    """An operator over gRPC."""

    def __init__(self, network: dict[str, Any], operator: int = 0) -> None:
        credentials = grpc.ssl_channel_credentials(network["ca_cert_pem"].encode())
        target = network["operators"][operator]["address"].removeprefix("https://")
        self._channel = grpc.aio.secure_channel(target, credentials)
        self.token: str | None = None

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def call(self, file: Any, service: str, name: str, request: Any) -> Any:
        method = file.DESCRIPTOR.services_by_name[service].methods_by_name[name]
        metadata = {"authorization": self.token} if self.token is not None else {}
        return await self._send(method, f"/{method.containing_service.full_name}/{name}", request, metadata)

    async def _send(self, method: Any, path: str, request: Any, metadata: dict[str, str]) -> Any:
        make: Any = self._channel.unary_stream if method.server_streaming else self._channel.unary_unary
        stub = make(path, lambda message: message.SerializeToString(), GetMessageClass(method.output_type).FromString)
        call = stub(request, metadata=[*metadata.items()], timeout=LIMIT_SECONDS)
        return call if method.server_streaming else await call

    async def spark(self, name: str, request: Any) -> Any:
        return await self.call(pb, "SparkService", name, request)

    async def sign_in(self, secret: int = SECRET) -> None:
        identity = keys.public_key(secret)
        service = "SparkAuthnService"
        made = await self.call(authn_pb2, service, "get_challenge", authn_pb2.GetChallengeRequest(public_key=identity))
        signed = made.protected_challenge.challenge.SerializeToString()
        request = authn_pb2.VerifyChallengeRequest(
            protected_challenge=made.protected_challenge, signature=keys.sign(SECRET, signed), public_key=identity
        )
        self.token = (await self.call(authn_pb2, service, "verify_challenge", request)).session_token


class WebClient(Client):
    """An operator over gRPC-web."""

    def __init__(self, network: dict[str, Any], operator: int = 0) -> None:
        self._address = network["operators"][operator]["web_address"]
        self._http = requests.Session()
        self.token = None

    async def __aexit__(self, *_: object) -> None:
        self._http.close()

    async def _send(self, method: Any, path: str, request: Any, metadata: dict[str, str]) -> Any:
        answer = await asyncio.to_thread(self.post, path, framed(request.SerializeToString()), metadata)
        stream = _Messages(answer, method)
        return stream if method.server_streaming else await stream.read()

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        headers = {"content-type": "application/grpc-web+proto"} | headers
        return self._http.post(self._address + path, body, headers=headers, timeout=LIMIT_SECONDS, stream=True)


class _Messages:
    """The messages of an answer, one by one; the status behind them is raised unless it is OK."""

    def __init__(self, answer: requests.Response, method: Any) -> None:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/grpc-web+proto"
        self._frames = frames(answer.raw)
        self._parse = GetMessageClass(method.output_type).FromString

    async def read(self) -> Any:
        flags, data = await asyncio.to_thread(next, self._frames)
        if flags == 0:
            return self._parse(data)
        code, details = status_in(data)
        if code is grpc.StatusCode.OK:
            return grpc.aio.EOF
        none = grpc.aio.Metadata()
        raise grpc.aio.AioRpcError(code, none, none, details)


def framed(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


def frames(body: Any) -> Iterator[tuple[int, bytes]]:
    """The flags and the data of each frame in a file."""
    while head := body.read(5):
        flags, length = struct.unpack(">BI", head)
        yield flags, body.read(length)


def status_in(trailers: bytes) -> tuple[grpc.StatusCode, str]:
    fields = dict(line.split(":", 1) for line in trailers.decode().splitlines())
    return _STATUS[int(fields["grpc-status"])], unquote(fields["grpc-message"])


async def status_of(call: Awaitable[Any]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    code: grpc.StatusCode = caught.value.code()
    return code
