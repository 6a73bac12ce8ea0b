"""The local network as a whole: all services on loopback, from start to stop."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import uvicorn

from exporter.errors import ConfigError
from exporter.network import grpc_server, http
from exporter.network.archive import Archive
from exporter.network.authn import AuthnService
from exporter.network.certificates import loopback_certificate
from exporter.network.events import Events
from exporter.network.graphql import Api
from exporter.network.http import FaucetLogin
from exporter.network.keys import THRESHOLD, random_scalar
from exporter.network.ledger import Ledger
from exporter.network.messages import OPERATOR_IDS, OperatorKeys
from exporter.network.operators import SparkService, TokenService
from exporter.network.proto import authn_pb2, spark_pb2, token_pb2
from exporter.network.sessions import Sessions
from exporter.network.ssp import ServiceProvider

HOST = "127.0.0.1"
_GRACE_SECONDS = 1.0
_SPARK = spark_pb2.DESCRIPTOR.services_by_name["SparkService"]
_TOKENS = token_pb2.DESCRIPTOR.services_by_name["SparkTokenService"]
_AUTHN = authn_pb2.DESCRIPTOR.services_by_name["SparkAuthnService"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run the network. ``port`` is that of HTTP, and 0 takes a free one, as the operators do."""

    port: int = 0
    faucet: FaucetLogin | None = None


@contextlib.asynccontextmanager
async def run(settings: Settings) -> AsyncIterator[dict[str, Any]]:
    """Run all services; yields what a wallet needs to know of them, as JSON values.

    Raises:
        ConfigError: the port is in use.
    """
    with tempfile.TemporaryDirectory(prefix="memtest-network-") as directory:
        archive = Archive(Path(directory) / "archive.sqlite")
        operators = OperatorKeys((random_scalar(), random_scalar(), random_scalar()))
        events = Events()
        service = SparkService(Ledger(archive), archive, events, operators)
        provider = ServiceProvider(service.ledger, archive, service)
        async with (
            _serve_operators(service) as (addresses, ca_pem),
            _serve_http(http.app(Api(provider, Sessions()), settings.faucet), settings.port) as url,
        ):
            yield _describe(addresses, operators, ca_pem, url, provider)
            events.drop_all()
        archive.close()


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs the network."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _serve_operators(service: SparkService) -> AsyncIterator[tuple[list[str], bytes]]:
    certificate = loopback_certificate()
    credentials = grpc.ssl_server_credentials([(certificate.key_pem, certificate.certificate_pem)])
    servers, addresses = [], []
    for _ in OPERATOR_IDS:
        sessions = Sessions()
        server, port = grpc_server.new_server(credentials, HOST, 0)
        grpc_server.add_open_service(server, _AUTHN, AuthnService(sessions))
        grpc_server.add_service(server, _SPARK, service, sessions)
        grpc_server.add_service(server, _TOKENS, TokenService(), sessions)
        servers.append(server)
        addresses.append(f"https://{HOST}:{port}")
        await server.start()
    try:
        yield addresses, certificate.ca_pem
    finally:
        await asyncio.gather(*(server.stop(_GRACE_SECONDS) for server in servers))


@contextlib.asynccontextmanager
async def _serve_http(application: Any, port: int) -> AsyncIterator[str]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # whoever is told of the network may come before the server's loop does
    except OSError as error:
        listener.close()
        raise ConfigError(f"port {port} on {HOST} cannot be used ({error.strerror}); choose another one") from error
    config = uvicorn.Config(
        application, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1, ws="none"
    )
    server = _Server(config)
    with contextlib.closing(listener):
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def _describe(
    addresses: list[str], operators: OperatorKeys, ca_pem: bytes, url: str, provider: ServiceProvider
) -> dict[str, Any]:
    return {
        "network": "regtest",
        "coordinator_identifier": OPERATOR_IDS[0],
        "threshold": THRESHOLD,
        "operators": [
            {"id": number, "identifier": identifier, "address": address, "identity_public_key": key.hex()}
            for number, (identifier, address, key) in enumerate(
                zip(OPERATOR_IDS, addresses, operators.public, strict=True)
            )
        ],
        "ca_cert_pem": ca_pem.decode(),
        "ssp": {
            "base_url": url,
            "schema_endpoint": http.GRAPHQL_PATH,
            "identity_public_key": provider.identity.hex(),
        },
        "chain": {"url": f"{url}/chain", "api": "esplora"},
        "faucet": {"url": f"{url}/{http.GRAPHQL_PATH}"},
    }
