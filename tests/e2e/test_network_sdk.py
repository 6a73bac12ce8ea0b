"""The real SDK on the local network: deposits that it claims by itself, Lightning both ways, faults."""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import breez_sdk_spark as sdk  # type: ignore[import-untyped]
import pytest

from exporter.drivers.python.breez import sdk_config
from exporter.network.parties.lightning import fee
from exporter.settings.faucet import FaucetSettings
from exporter.settings.network import FaucetLogin, FaultSettings, NetworkSettings, dump
from exporter.workload.faucet import FaucetClient, FaucetError

pytestmark = pytest.mark.e2e

LIMIT_SECONDS = 300
LOGIN = FaucetLogin("user", "hush")
T = TypeVar("T")


@dataclass
class Network:
    """A local network in a process of its own, with settings from its standard input."""

    settings: NetworkSettings
    process: subprocess.Popen[bytes] = field(init=False)
    file: dict[str, Any] = field(init=False)

    def __enter__(self) -> "Network":
        argv = [sys.executable, "-m", "exporter.network", "--settings-from-stdin"]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(dump(self.settings))
        self.process.stdin.flush()
        self.file = json.loads(self.process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate(timeout=LIMIT_SECONDS)
        assert self.process.returncode == 0


class Wallet:
    """One SDK instance."""

    def __init__(self, instance: Any) -> None:
        self._sdk = instance

    @classmethod
    async def connect(cls, network: dict[str, Any], directory: Path, *, prefer_spark: bool) -> "Wallet":
        config = sdk_config(network, prefer_spark, True)
        builder = sdk.SdkBuilder(config=config, seed=sdk.Seed.ENTROPY(secrets.token_bytes(32)))
        await builder.with_default_storage(storage_dir=str(directory))
        await builder.with_rest_chain_service(network["chain"]["url"], sdk.ChainApiType.ESPLORA, None)
        return cls(await builder.build())

    async def balance(self) -> int:
        await self._sdk.sync_wallet(sdk.SyncWalletRequest())
        sats: int = (await self._sdk.get_info(sdk.GetInfoRequest(ensure_synced=False))).balance_sats
        return sats

    async def reaches(self, sats: int) -> None:
        async def there() -> bool:
            return await self.balance() == sats

        await eventually(there, f"a balance of {sats}")

    async def receive(self, method: Any) -> str:
        request = sdk.ReceivePaymentRequest(payment_method=method)
        text: str = (await self._sdk.receive_payment(request)).payment_request
        return text

    async def address(self) -> str:
        return await self.receive(sdk.ReceivePaymentMethod.BITCOIN_ADDRESS(new_address=None))

    async def invoice(self, sats: int, expiry_seconds: int = 3600) -> str:
        return await self.receive(
            sdk.ReceivePaymentMethod.BOLT11_INVOICE(
                description="test",
                amount_sats=sats,
                expiry_secs=expiry_seconds,
                payment_hash=None,
                receiver_identity_public_key=None,
            )
        )

    async def pay(self, invoice: str, *, prefer_spark: bool) -> Any:
        wanted = sdk.PrepareSendPaymentRequest(payment_request=sdk.PaymentRequest.INPUT(input=invoice), amount=None)
        prepared = await self._sdk.prepare_send_payment(wanted)
        options = sdk.SendPaymentOptions.BOLT11_INVOICE(prefer_spark=prefer_spark, completion_timeout_secs=30)
        request = sdk.SendPaymentRequest(prepare_response=prepared, options=options)
        return (await self._sdk.send_payment(request)).payment

    async def disconnect(self) -> None:
        await self._sdk.disconnect()


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not await condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {LIMIT_SECONDS} s: {what}")
        await asyncio.sleep(0.1)


async def until_it_works(act: Callable[[], Awaitable[T]]) -> T:
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            return await act()
        except (sdk.SdkError, FaucetError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """The one event loop of all tests: the binding stays with the first that it meets."""
    with asyncio.Runner() as runner:
        yield runner


@dataclass
class Bench:
    """Runs a check with a network and two wallets."""

    loop: asyncio.Runner
    directory: Path

    def run(
        self,
        settings: NetworkSettings,
        check: Callable[[Network, Wallet, Wallet], Awaitable[None]],
        *,
        prefer_spark: bool,
    ) -> None:
        with Network(settings) as network:
            self.loop.run(self._check(network, check, prefer_spark))

    async def _check(
        self, network: Network, check: Callable[[Network, Wallet, Wallet], Awaitable[None]], prefer_spark: bool
    ) -> None:
        wallets = [
            await until_it_works(
                partial(Wallet.connect, network.file, self.directory / name, prefer_spark=prefer_spark)
            )
            for name in ("alice", "bob")
        ]
        try:
            await check(network, *wallets)
        finally:
            for wallet in wallets:
                await wallet.disconnect()


@pytest.fixture
def bench(loop: asyncio.Runner, tmp_path: Path) -> Bench:
    return Bench(loop, tmp_path)


def faucet(network: Network, login: FaucetLogin | None = None) -> FaucetClient:
    url = network.file["faucet"]["url"]
    return FaucetClient(
        FaucetSettings(url, login.username, login.password) if login else FaucetSettings(url), backoff=0.1
    )


def test_deposits_are_claimed_and_lightning_is_paid_both_ways(bench: Bench) -> None:
    async def check(network: Network, alice: Wallet, bob: Wallet) -> None:
        with pytest.raises(FaucetError, match="refused with 401"):
            await faucet(network).fund(await alice.address(), 1_000)
        tap = faucet(network, LOGIN)
        await tap.fund(await alice.address(), 20_000)
        await alice.reaches(20_000)
        await tap.fund(await alice.address(), 30_000)  # an address is funded as often as it takes
        await alice.reaches(50_000)

        invoice = await bob.invoice(3_000)
        payment = await alice.pay(invoice, prefer_spark=False)
        assert (payment.status, payment.method) == (sdk.PaymentStatus.COMPLETED, sdk.PaymentMethod.LIGHTNING)
        assert (payment.amount, payment.fees) == (3_000, fee(3_000))
        await bob.reaches(3_000)
        back = await bob.pay(await alice.invoice(1_000), prefer_spark=False)
        assert back.status == sdk.PaymentStatus.COMPLETED
        left = 50_000 - 3_000 - fee(3_000) + 1_000
        await alice.reaches(left)
        await bob.reaches(2_000 - fee(1_000))

        # What can't be paid fails, and its money stays.
        assert (await alice.pay(invoice, prefer_spark=False)).status == sdk.PaymentStatus.FAILED
        await alice.reaches(left)
        assert (await alice.pay(await bob.invoice(500), prefer_spark=False)).status == sdk.PaymentStatus.COMPLETED

    bench.run(NetworkSettings(faucet=LOGIN), check, prefer_spark=False)


def test_an_invoice_with_a_hint_is_paid_by_spark_for_nothing(bench: Bench) -> None:
    async def check(network: Network, alice: Wallet, bob: Wallet) -> None:
        await faucet(network).fund(await alice.address(), 10_000)
        await alice.reaches(10_000)
        payment = await alice.pay(await bob.invoice(1_234), prefer_spark=True)
        assert (payment.method, payment.fees) == (sdk.PaymentMethod.SPARK, 0)
        await bob.reaches(1_234)
        await alice.reaches(10_000 - 1_234)

    bench.run(NetworkSettings(), check, prefer_spark=True)


def test_payments_go_on_after_faults(bench: Bench) -> None:
    # Far apart, so that a slow machine gets something done between two outages.
    faults = FaultSettings(latency_seconds=0.005, error_rate=0.05, outage_every_seconds=20.0, outage_for_seconds=1.0)

    async def check(network: Network, alice: Wallet, bob: Wallet) -> None:
        # The network is older than this moment, so there is an outage before then.
        past_an_outage = time.monotonic() + faults.outage_every_seconds + faults.outage_for_seconds
        await faucet(network).fund(await until_it_works(alice.address), 10_000)

        async def funded() -> bool:
            return await until_it_works(alice.balance) == 10_000

        await eventually(funded, "the deposit")

        async def pays() -> None:
            payment = await alice.pay(await bob.invoice(10), prefer_spark=True)
            assert payment.method == sdk.PaymentMethod.SPARK

        paid = 0
        while paid < 5 or time.monotonic() < past_an_outage:
            await until_it_works(pays)
            paid += 1

        async def arrived() -> bool:
            # Not all of it: a swap of leaves that a fault has cut short keeps them from the wallet meanwhile.
            return await until_it_works(bob.balance) > 0

        await eventually(arrived, "the payments")

    bench.run(NetworkSettings(faults=faults), check, prefer_spark=True)


@pytest.mark.parametrize(
    ("line", "said"), [(b"{}}\n", "JSON is malformed"), (b'{"faults": {"error_rate": 2}}\n', "error-rate is 2")]
)
def test_a_network_with_bad_settings_says_so(line: bytes, said: str) -> None:
    argv = [sys.executable, "-m", "exporter.network", "--settings-from-stdin"]
    ended = subprocess.run(argv, input=line, capture_output=True, timeout=LIMIT_SECONDS)
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert said in ended.stderr.decode()
    assert b"Traceback" not in ended.stderr
