"""Payments by the ten thousand through the local network's servers: whether its memory stays flat.

    python benchmarks/network_memory.py [COUNT]

The SDK takes an hour for so many, so two wallets of the tests pay. Like the SDK they ask the operators by gRPC, with
TLS, sessions and event streams, and swap leaves after each payment; one payment in ten goes by Lightning. They live in
the network's process, so the memory is that of both.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import psutil
from google.protobuf.message_factory import GetMessageClass
from observer import MIB

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "fixtures"))

from mini_wallet import Wallet, World, check_conserved

from exporter.network import local
from exporter.network.ledger import keys
from exporter.network.proto import authn_pb2
from exporter.network.proto import spark_pb2 as pb
from exporter.settings.network import NetworkSettings

COUNT = 20_000
PAYMENTS_A_ROUND = 10
SATS = 1000
SHOWN = 20  # lines of the table
GOAL_MIB = 1.0


@dataclass
class Coordinator:
    """The operator that wallets ask, by gRPC; has a method for each of the service's that it is asked for."""

    channel: grpc.aio.Channel
    tokens: dict[bytes, str]

    def __getattr__(self, name: str) -> Any:
        async def call(request: Any, identity: bytes) -> Any:
            return await self.ask(pb, "SparkService", name, request, identity)

        return call

    def ask(self, file: Any, service: str, name: str, request: Any, identity: bytes) -> Any:
        method = file.DESCRIPTOR.services_by_name[service].methods_by_name[name]
        make: Any = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        stub = make(
            f"/{method.containing_service.full_name}/{name}",
            lambda message: message.SerializeToString(),
            GetMessageClass(method.output_type).FromString,
        )
        return stub(request, metadata=[("authorization", self.tokens[identity])] if identity in self.tokens else None)

    async def sign_in(self, wallet: Wallet) -> None:
        wanted = authn_pb2.GetChallengeRequest(public_key=wallet.identity)
        made = await self.ask(authn_pb2, "SparkAuthnService", "get_challenge", wanted, b"")
        signed = made.protected_challenge.challenge.SerializeToString()
        request = authn_pb2.VerifyChallengeRequest(
            protected_challenge=made.protected_challenge,
            signature=keys.sign(wallet.secret, signed),
            public_key=wallet.identity,
        )
        verified = await self.ask(authn_pb2, "SparkAuthnService", "verify_challenge", request, b"")
        self.tokens[wallet.identity] = verified.session_token

    async def listen(self, wallet: Wallet) -> None:
        """Hear of all that happens to a wallet, until cancelled."""
        request = pb.SubscribeToEventsRequest(identity_public_key=wallet.identity)
        async for _ in self.ask(pb, "SparkService", "subscribe_to_events", request, wallet.identity):
            pass


def served_by(world: World, coordinator: Coordinator) -> World:
    """The same network, whose operators are asked by gRPC."""
    asked: Any = world
    asked.service = asked.preimages = coordinator
    return world


async def pay(alice: Wallet, bob: Wallet) -> None:
    """A round of payments, after which alice has all the money again."""
    for _ in range(PAYMENTS_A_ROUND // 2 - 1):
        await alice.pay(alice.free, bob)
        await bob.swap(bob.free, [600, 400])
        await bob.pay(bob.free, alice)
        await alice.swap(alice.free, [SATS])
    await alice.pay_invoice(await bob.invoice(900))
    await bob.claim_all()
    await bob.pay(bob.free, alice)
    await alice.funded(SATS - sum(leaf.value for leaf in alice.free))
    await alice.swap(alice.free, [SATS])


async def measure(count: int) -> list[float]:
    """Pay, print a table, and return resident memory in MiB as it went."""
    process, world, levels = psutil.Process(), World(), []
    async with (
        local.serve(world.services, NetworkSettings()) as network,
        grpc.aio.secure_channel(
            network["operators"][0]["address"].removeprefix("https://"),
            grpc.ssl_channel_credentials(network["ca_cert_pem"].encode()),
        ) as channel,
    ):
        coordinator = Coordinator(channel, {})
        world = served_by(world, coordinator)
        alice, bob = Wallet(world), Wallet(world)
        for wallet in (alice, bob):
            await coordinator.sign_in(wallet)
        streams = [asyncio.create_task(coordinator.listen(wallet)) for wallet in (alice, bob)]
        await alice.funded(SATS)
        print("payments  RSS, MiB  CPU, ms each", flush=True)
        for paid in range(0, count + 1, PAYMENTS_A_ROUND):
            if paid % max(count // SHOWN, PAYMENTS_A_ROUND) == 0:
                levels.append(process.memory_info().rss / MIB)
                each = sum(process.cpu_times()[:2]) / max(paid, 1) * 1000
                print(f"{paid:8,}  {levels[-1]:8.2f}  {each:12.1f}", flush=True)
            await pay(alice, bob)
        for stream in streams:
            stream.cancel()
        check_conserved(world)
    return levels


def main() -> int:
    """Return 1 if memory has grown in the second half."""
    levels = asyncio.run(measure(int(sys.argv[1]) if sys.argv[1:] else COUNT))
    growth = levels[-1] - levels[len(levels) // 2]
    print(f"the second half added {growth:+.2f} MiB; goal ≤ {GOAL_MIB:g} MiB")
    return int(growth > GOAL_MIB)


if __name__ == "__main__":
    sys.exit(main())
