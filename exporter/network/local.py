"""The local network as a whole: all services on loopback, from start to stop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any

import grpc
import uvicorn

from exporter.errors import ConfigError
from exporter.network.assembly import Services
from exporter.network.ledger.addresses import spark_address
from exporter.network.ledger.archive import Archive
from exporter.network.ledger.keys import THRESHOLD
from exporter.network.parties.authn import AuthnService
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.parties.sessions import Sessions
from exporter.network.parties.tokens import TokenService
from exporter.network.proto import authn_pb2, spark_pb2, token_pb2
from exporter.network.servers import grpc_server, http
from exporter.network.servers.certificates import loopback_certificate
from exporter.network.servers.esplora import PREFIX as CHAIN_PATH
from exporter.network.servers.faults import Faults
from exporter.network.servers.grpc_server import Methods
from exporter.settings.network import FaultSettings, NetworkSettings

HOST = "127.0.0.1"
_GRACE_SECONDS = 1.0
# Longer than wallets keep an idle connection: one that the server closes takes the next request with it.
_KEEP_ALIVE_SECONDS = 120
_UNANSWERED_SECONDS = 0.5  # between looks for payments that have failed by now
_STALE_SECONDS = 10.0  # between looks for what nobody will finish
_SPARK = spark_pb2.DESCRIPTOR.services_by_name["SparkService"]
_TOKENS = token_pb2.DESCRIPTOR.services_by_name["SparkTokenService"]
_AUTHN = authn_pb2.DESCRIPTOR.services_by_name["SparkAuthnService"]


@contextlib.asynccontextmanager
async def run(settings: NetworkSettings) -> AsyncIterator[dict[str, Any]]:
    """Run all services; yields what a wallet needs to know of them, as JSON values.

    Raises:
        ConfigError: the port is in use.
    """
    with contextlib.closing(Archive()) as archive:
        # Without faults, not even the question whether there are any costs the calls something.
        faults = Faults(settings.faults) if settings.faults != FaultSettings() else None
        services = Services(archive, settings.chain, loses_event=faults.happens if faults else None)
        async with serve(services, settings, faults) as description:
            yield description


@contextlib.asynccontextmanager
async def serve(
    services: Services, settings: NetworkSettings, faults: Faults | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Run the servers in front of what is behind them, as `run` does."""
    operators = [_operator_methods(services, faults) for _ in OPERATOR_IDS]
    application = http.app(services.api(), services.chain, settings.faucet, faults, operators)
    async with (
        _serve_operators(operators) as (addresses, ca_pem),
        _serve_http(application, settings.port) as url,
        _in_background(_every(_STALE_SECONDS, services.give_back_stale)),
        _in_background(_every(_UNANSWERED_SECONDS, services.lightning.fail_unanswered)),
        _in_background(faults.at_each_outage(services.events.drop_all)) if faults else contextlib.nullcontext(),
    ):
        yield _describe(services, addresses, ca_pem, url)
        services.events.drop_all()


@contextlib.asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _every(seconds: float, look: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        look()


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs the network."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _operator_methods(services: Services, faults: Faults | None) -> Methods:
    """One operator's methods, with sessions of its own."""
    sessions = Sessions()
    before_call = faults.before_call if faults else None
    return {
        **grpc_server.open_methods_of(_AUTHN, AuthnService(sessions)),
        **grpc_server.methods_of(_SPARK, sessions, *services.spark_services, before_call=before_call),
        **grpc_server.methods_of(_TOKENS, sessions, TokenService(), before_call=before_call),
    }


@contextlib.asynccontextmanager
async def _serve_operators(operators: Sequence[Methods]) -> AsyncIterator[tuple[list[str], bytes]]:
    certificate = loopback_certificate()
    credentials = grpc.ssl_server_credentials([(certificate.key_pem, certificate.certificate_pem)])
    servers, addresses = [], []
    for methods in operators:
        server, port = grpc_server.new_server(credentials, HOST, 0, methods)
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
        application,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    server = _Server(config)
    with contextlib.closing(listener):
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def _describe(services: Services, addresses: list[str], ca_pem: bytes, url: str) -> dict[str, Any]:
    return {
        "network": "regtest",
        "coordinator_identifier": OPERATOR_IDS[0],
        "threshold": THRESHOLD,
        "operators": [
            {
                "id": number,
                "identifier": identifier,
                "address": address,
                "web_address": f"{url}{http.operator_path(number)}",
                "identity_public_key": key.hex(),
            }
            for number, (identifier, address, key) in enumerate(
                zip(OPERATOR_IDS, addresses, services.operators.public, strict=True)
            )
        ],
        "ca_cert_pem": ca_pem.decode(),
        "ssp": {
            "base_url": url,
            "schema_endpoint": http.GRAPHQL_PATH,
            "identity_public_key": services.provider.identity.hex(),
        },
        "chain": {"url": f"{url}{CHAIN_PATH}", "api": "esplora"},
        "faucet": {"url": f"{url}/{http.GRAPHQL_PATH}"},
        "refusing_address": spark_address(services.spark.refusing),
        "unanswered_invoice": services.lightning.unanswered,
    }
