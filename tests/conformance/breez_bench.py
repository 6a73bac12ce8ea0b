"""What the Breez SDK's operations are tried with: instances, the faucet, waiting."""

import asyncio
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import breez_sdk_spark as sdk  # type: ignore[import-untyped]
import requests

from exporter.drivers.python.breez import sdk_config
from exporter.settings.faucet import FaucetSettings
from exporter.workload.faucet import FaucetClient

MAX_SUPPLY = 2**127  # of tokens
POLL_SECONDS = 0.25


class Difference(Exception):  # noqa: N818 - an outcome, no fault of the program's
    """An operation that ended, and not as it should."""


class Wallet:
    """One instance of the SDK, and the events that it has told."""

    def __init__(self, handle: Any) -> None:
        self.sdk = handle
        self.events: list[str] = []

    async def holds(self, sats: int) -> None:
        """Wait until this much is free."""

        async def there() -> bool:
            await self.sdk.sync_wallet(sdk.SyncWalletRequest())
            found: int = (await self.sdk.get_info(sdk.GetInfoRequest(ensure_synced=False))).balance_sats
            return found == sats

        await until(there)

    async def holds_tokens(self, token: str, amount: int) -> None:
        """Wait until this much of a token is there."""

        async def there() -> bool:
            await self.sdk.sync_wallet(sdk.SyncWalletRequest())
            held = (await self.sdk.get_info(sdk.GetInfoRequest(ensure_synced=False))).token_balances
            found: int = held[token].balance if token in held else 0
            return found == amount

        await until(there)

    async def receive(self, method: Any) -> str:
        answer = await self.sdk.receive_payment(sdk.ReceivePaymentRequest(payment_method=method))
        text: str = answer.payment_request
        return text

    async def spark_address(self) -> str:
        return await self.receive(sdk.ReceivePaymentMethod.SPARK_ADDRESS())

    async def bitcoin_address(self) -> str:
        return await self.receive(sdk.ReceivePaymentMethod.BITCOIN_ADDRESS(new_address=None))

    async def invoice(self, sats: int, payment_hash: str | None = None) -> str:
        method = sdk.ReceivePaymentMethod.BOLT11_INVOICE(
            description="test",
            amount_sats=sats,
            expiry_secs=3600,
            payment_hash=payment_hash,
            receiver_identity_public_key=None,
        )
        return await self.receive(method)

    async def prepare(self, destination: str, amount: int | None = None, token: str | None = None) -> Any:
        to = sdk.PaymentRequest.INPUT(input=destination)
        request = sdk.PrepareSendPaymentRequest(payment_request=to, amount=amount, token_identifier=token)
        return await self.sdk.prepare_send_payment(request)

    async def pay(
        self, destination: str, amount: int | None = None, options: Any = None, token: str | None = None
    ) -> Any:
        """Pay sats, or what is an amount of a token."""
        prepared = await self.prepare(destination, amount, token)
        request = sdk.SendPaymentRequest(prepare_response=prepared, options=options)
        return (await self.sdk.send_payment(request)).payment


class _Listener(sdk.EventListener):  # type: ignore[misc]  # the binding is untyped
    def __init__(self, events: list[str]) -> None:
        self._events = events

    async def on_event(self, event: Any) -> None:
        self._events.append(type(event).__name__.rpartition(".")[2])


class Bench:
    """Fresh wallets for one operation; `close` disconnects them."""

    def __init__(self, network: Mapping[str, Any]) -> None:
        self.network = network
        self._wallets: list[Wallet] = []
        self._directory = tempfile.TemporaryDirectory()
        self._faucet = FaucetClient(FaucetSettings(network["faucet"]["url"]))

    async def wallet(self, sats: int = 0, *, prefer_spark: bool = False, claims_deposits: bool = True) -> Wallet:
        """A wallet with the SDK's defaults and this much money."""
        config = sdk_config(self.network, prefer_spark, True)
        if not claims_deposits:
            config.max_deposit_claim_fee = None
        builder = sdk.SdkBuilder(config=config, seed=sdk.Seed.ENTROPY(secrets.token_bytes(32)))
        await builder.with_default_storage(storage_dir=tempfile.mkdtemp(dir=self._directory.name))
        await builder.with_rest_chain_service(self.network["chain"]["url"], sdk.ChainApiType.ESPLORA, None)
        made = Wallet(await builder.build())
        self._wallets.append(made)
        await made.sdk.add_event_listener(_Listener(made.events))
        if sats:
            await self.fund(await made.spark_address(), sats)
            await made.holds(sats)
        return made

    async def issuer(self, minted: int = 0) -> tuple[Wallet, str]:
        """A wallet that has created a token, and the token's identifier."""
        made = await self.wallet()
        issuer = made.sdk.get_token_issuer()
        request = sdk.CreateIssuerTokenRequest(
            name="test", ticker="TST", decimals=2, is_freezable=True, max_supply=MAX_SUPPLY
        )
        token: str = (await issuer.create_issuer_token(request)).identifier
        if minted:
            await issuer.mint_issuer_token(sdk.MintIssuerTokenRequest(amount=minted))
        return made, token

    async def fund(self, address: str, sats: int) -> str:
        """Have an address paid; the id of the transaction if it is one of the chain's."""
        txid: str = await self._faucet.fund(address, sats)
        return txid

    async def pays(self, txid: str, address: str, sats: int) -> None:
        """Wait until a transaction of the chain's pays this much to an address; raises Difference."""
        url = f"{self.network['chain']['url']}/address/{address}/utxo"
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            found.extend((await asyncio.to_thread(requests.get, url, timeout=60)).json())
            return bool(found)

        await until(there)
        expect((found[0]["txid"], found[0]["value"]), (txid, sats), "what arrived on the chain")

    async def close(self) -> None:
        for each in self._wallets:
            await each.sdk.disconnect()
        self._directory.cleanup()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition until the operation is over: its limit bounds that."""
    while not await condition():
        await asyncio.sleep(POLL_SECONDS)


def expect(found: object, wanted: object, what: str) -> None:
    """Check a result; raises Difference."""
    if found != wanted:
        raise Difference(f"{what} is {found}, not {wanted}")
