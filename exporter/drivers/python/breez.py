"""The driver of the Breez SDK's Python binding: ``python -m exporter.drivers.python.breez``.

Works with every release of breez-sdk-spark from 0.22.3 on; what differs between them is asked of the SDK itself.
"""

import asyncio
import inspect
import logging
import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import breez_sdk_spark as sdk  # type: ignore[import-untyped]

from exporter.checked import Json
from exporter.drivers.protocol import Hello, SdkEvent
from exporter.drivers.python.agent import Emit, Handler, RefusedError, snake_case

log = logging.getLogger(__name__)

SYNC_INTERVAL_SECONDS = 5
PAYMENT_TIMEOUT_SECONDS = 90


class _Listener(sdk.EventListener):  # type: ignore[misc]  # the binding is untyped
    """Passes on the kind of every event, and nothing else of it."""

    def __init__(self, wallet: str, emit: Emit) -> None:
        self._wallet = wallet
        self._emit = emit

    async def on_event(self, event: Any) -> None:
        self._emit(SdkEvent(snake_case(type(event).__name__.rpartition(".")[2]), self._wallet))


class _Instance:
    """One connected SDK instance, its listeners' ids and its Spark address once asked for."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.listeners: list[str] = []
        self.spark_address = ""


class BreezDriver:
    """Does the protocol's commands with the Breez SDK."""

    def __init__(self, config: Mapping[str, Json], emit: Emit) -> None:
        self.hello = Hello(
            driver="breez-python",
            sdk="breez-sdk-spark",
            sdk_version=version("breez-sdk-spark"),
            language="python",
            pid=os.getpid(),
        )
        self.commands: Mapping[str, Handler] = {
            "connect": self._connect,
            "build": self._build,
            "disconnect": self._disconnect,
            "abandon": self._abandon,
            "add_listeners": self._add_listeners,
            "remove_listeners": self._remove_listeners,
            "balance": self._balance,
            "sync": self._sync,
            "deposit_address": self._deposit_address,
            "spark_address": self._spark_address,
            "pay": self._pay,
            "pay_request": self._pay_request,
            "invoice": self._invoice,
            "list_payments": self._list_payments,
        }
        self._network: Mapping[str, Json] = config["network"]
        self._storage = Path(config["storage_dir"])
        self._seeds: Mapping[str, str] = config["wallets"]
        self._server_storage = str(config.get("server_storage", ""))
        self._prefer_spark = bool(config.get("prefer_spark", True))
        self._emit = emit
        self._instances: dict[str, _Instance] = {}
        self._context: asyncio.Future[Any] | None = None  # that instances share

    async def close(self) -> None:
        """Disconnect what is still connected; what fails then is logged and left."""
        names = list(self._instances)
        outcomes = await asyncio.gather(
            *(self._disconnect({"instance": name}) for name in names), return_exceptions=True
        )
        for name, outcome in zip(names, outcomes, strict=True):
            if outcome is not None:
                log.warning("disconnecting %s: %s", name, outcome)

    async def _connect(self, args: Mapping[str, Json]) -> None:
        name = args["instance"]
        if name in self._instances:
            raise RefusedError("already_connected", f"instance {name!r} is connected")
        builder = await self._builder(args)
        self._instances[name] = _Instance(await _told(builder.build()))

    async def _build(self, args: Mapping[str, Json]) -> None:
        """Make an instance ready, and let go of it: it connects as it is built."""
        await self._builder(args)

    async def _builder(self, args: Mapping[str, Json]) -> Any:
        name = args["instance"]
        storage = self._storage / name
        storage.mkdir(parents=True, exist_ok=True)
        seed = bytes.fromhex(self._seeds[args.get("wallet", name)])
        optimize, server = args.get("optimize_leaves", True), args.get("server", False)
        config = sdk_config(self._network, self._prefer_spark, optimize, server=server)
        builder = sdk.SdkBuilder(config, sdk.Seed.ENTROPY(seed))
        shared, in_database = args.get("shared"), server and self._server_storage
        if shared:
            await builder.with_shared_context(await self._shared_context())
        if not in_database:
            await builder.with_default_storage(str(storage))
        elif not shared:
            await builder.with_storage_backend(self._database())
        if chain := self._network.get("chain"):
            await builder.with_rest_chain_service(chain["url"], _CHAIN_APIS[chain["api"]], None)
        return builder

    async def _shared_context(self) -> Any:
        if self._context is None:
            settings: dict[str, Any] = {"api_key": None, "connections_per_operator": None, "proxy": None}
            # Connections to the database are shared as those to the operators are.
            settings |= {"storage": self._database() if self._server_storage else None}
            wanted = _make(sdk.SdkContextConfig, network=sdk.Network[self._network["network"].upper()], **settings)
            self._context = asyncio.ensure_future(_told(sdk.new_shared_sdk_context(wanted)))
        return await self._context

    def _database(self) -> Any:
        """Storage in PostgreSQL, with connections of its own."""
        if not hasattr(sdk, "postgres_storage"):
            raise RefusedError("no_postgres", "this release of the SDK can't keep its data in PostgreSQL")
        return sdk.postgres_storage(sdk.default_postgres_storage_config(self._server_storage))

    async def _disconnect(self, args: Mapping[str, Json]) -> None:
        instance = self._instance(args)
        if not args.get("keep_listeners"):
            await self._drop_listeners(instance, len(instance.listeners))
        await _told(instance.handle.disconnect())
        del self._instances[args["instance"]]

    async def _abandon(self, args: Mapping[str, Json]) -> None:
        self._instance(args)
        del self._instances[args["instance"]]

    async def _add_listeners(self, args: Mapping[str, Json]) -> None:
        instance = self._instance(args)
        for _ in range(args["count"]):
            listener = _Listener(args["instance"], self._emit)
            instance.listeners.append(await _told(instance.handle.add_event_listener(listener)))

    async def _remove_listeners(self, args: Mapping[str, Json]) -> None:
        instance = self._instance(args)
        if args["count"] > len(instance.listeners):
            raise RefusedError("no_such_listener", f"only {len(instance.listeners)} listeners are registered")
        await self._drop_listeners(instance, args["count"])

    async def _drop_listeners(self, instance: _Instance, count: int) -> None:
        for _ in range(count):
            await _told(instance.handle.remove_event_listener(instance.listeners.pop()))

    async def _balance(self, args: Mapping[str, Json]) -> Mapping[str, Json]:
        info = await _told(self._instance(args).handle.get_info(sdk.GetInfoRequest(ensure_synced=False)))
        return {"balance_sats": info.balance_sats}

    async def _sync(self, args: Mapping[str, Json]) -> None:
        await _told(self._instance(args).handle.sync_wallet(sdk.SyncWalletRequest()))

    async def _deposit_address(self, args: Mapping[str, Json]) -> Mapping[str, Json]:
        method = _make(sdk.ReceivePaymentMethod.BITCOIN_ADDRESS, new_address=None)
        return {"address": await self._receive(self._instance(args), method)}

    async def _spark_address(self, args: Mapping[str, Json]) -> Mapping[str, Json]:
        return {"address": await self._address_of(self._instance(args))}

    async def _address_of(self, instance: _Instance) -> str:
        if not instance.spark_address:
            instance.spark_address = await self._receive(instance, sdk.ReceivePaymentMethod.SPARK_ADDRESS())
        return instance.spark_address

    async def _invoice(self, args: Mapping[str, Json]) -> Mapping[str, Json]:
        method = _make(
            sdk.ReceivePaymentMethod.BOLT11_INVOICE,
            description=args.get("description", "memtest payment"),
            amount_sats=args.get("amount_sats"),
            expiry_secs=args.get("expiry_seconds"),
            payment_hash=None,
            receiver_identity_public_key=None,
        )
        return {"invoice": await self._receive(self._instance(args), method)}

    async def _receive(self, instance: _Instance, method: Any) -> str:
        request = sdk.ReceivePaymentRequest(payment_method=method)
        return str((await _told(instance.handle.receive_payment(request))).payment_request)

    async def _pay(self, args: Mapping[str, Json]) -> Mapping[str, Json]:
        sender, receiver = self._instance(args, "from"), self._instance(args, "to")
        amount = args["amount_sats"]
        if args["rail"] == "spark":
            return await self._send(sender, await self._address_of(receiver), amount)
        invoice = (await self._invoice({"instance": args["to"], "amount_sats": amount}))["invoice"]
        return {**await self._send(sender, invoice, None), "request": invoice}

    async def _pay_request(self, args: Mapping[str, Json]) -> Mapping[str, Json]:
        sender, amount = self._instance(args, "from"), args.get("amount_sats")
        return await self._send(sender, args["request"], amount, args.get("wait_seconds"))

    async def _send(
        self, sender: _Instance, request: str, amount: int | None, wait_seconds: int | None = None
    ) -> Mapping[str, Json]:
        """Pay and wait; over the provider, whatever is preferred, if ``wait_seconds`` says for how long."""
        patience = PAYMENT_TIMEOUT_SECONDS if wait_seconds is None else wait_seconds
        payment_request = sdk.PaymentRequest.INPUT(input=request)
        prepared = await _told(
            sender.handle.prepare_send_payment(
                sdk.PrepareSendPaymentRequest(payment_request=payment_request, amount=amount)
            )
        )
        options = None
        if prepared.payment_method.is_BOLT11_INVOICE():
            options = sdk.SendPaymentOptions.BOLT11_INVOICE(
                prefer_spark=self._prefer_spark and wait_seconds is None, completion_timeout_secs=patience
            )
        sent = sdk.SendPaymentRequest(prepare_response=prepared, options=options)
        payment = (await _told(sender.handle.send_payment(sent))).payment
        if payment.status != sdk.PaymentStatus.COMPLETED:
            status = payment.status.name.lower()
            rest = f"after {patience} s" if payment.status == sdk.PaymentStatus.PENDING else "and the money is back"
            raise RefusedError(f"payment_{status}", f"the payment is {status} {rest}")
        return {"fees_sats": payment.fees, "via": payment.method.name.lower()}

    async def _list_payments(self, args: Mapping[str, Json]) -> Mapping[str, Json]:
        request = sdk.ListPaymentsRequest(limit=args.get("limit") or None)
        answer = await _told(self._instance(args).handle.list_payments(request))
        count = len(answer.payments)
        if args.get("destroy"):
            # Where a binding has a destructor to call, this is the place; here it is the last reference.
            del answer
        return {"count": count}

    def _instance(self, args: Mapping[str, Json], key: str = "instance") -> _Instance:
        instance = self._instances.get(args[key])
        if instance is None:
            raise RefusedError("not_connected", f"instance {args[key]!r} is not connected")
        return instance


_CHAIN_APIS = {"esplora": sdk.ChainApiType.ESPLORA, "mempool": sdk.ChainApiType.MEMPOOL_SPACE}


def sdk_config(network: Mapping[str, Json], prefer_spark: bool, optimize_leaves: bool, *, server: bool = False) -> Any:
    """The SDK's configuration for a network file; one without operators means the SDK's own network.

    For a ``server``, instances do nothing by themselves.
    """
    default = sdk.default_server_config if server else sdk.default_config
    config = default(network=sdk.Network[network["network"].upper()])
    wanted: dict[str, Any] = {
        "prefer_spark_over_lightning": prefer_spark,
        "sync_interval_secs": SYNC_INTERVAL_SECONDS,
        # Neither belongs to the payments under test, and both would call out to other servers.
        "real_time_sync_server_url": None,
        "lnurl_domain": None,
    }
    if "operators" in network:
        wanted["spark_config"] = _spark_config(network)
    config.leaf_optimization_config.auto_enabled = optimize_leaves
    for name, value in wanted.items():
        if hasattr(config, name):
            setattr(config, name, value)
    return config


def _spark_config(network: Mapping[str, Json]) -> Any:
    operators = [
        sdk.SparkSigningOperator(
            id=operator["id"],
            identifier=operator["identifier"],
            address=operator["address"],
            identity_public_key=operator["identity_public_key"],
            ca_cert_pem=network.get("ca_cert_pem"),
        )
        for operator in network["operators"]
    ]
    ssp = network["ssp"]
    return _make(
        sdk.SparkConfig,
        coordinator_identifier=network["coordinator_identifier"],
        threshold=network["threshold"],
        signing_operators=operators,
        ssp_config=sdk.SparkSspConfig(
            base_url=ssp["base_url"],
            identity_public_key=ssp["identity_public_key"],
            schema_endpoint=ssp["schema_endpoint"],
        ),
        expected_withdraw_bond_sats=10_000,
        expected_withdraw_relative_block_locktime=1_000,
        max_token_transaction_inputs=None,
    )


def _make(kind: Callable[..., Any], **fields: Any) -> Any:
    """A record of the SDK from those fields that this release of it has."""
    known = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in fields.items() if name in known})


async def _told(call: Any) -> Any:
    """Await a call of the SDK; its error becomes a RefusedError with its kind and plain text."""
    try:
        return await call
    except sdk.SdkError as error:
        values: tuple[Any, ...] = getattr(error, "_values", ())
        text = values[0] if len(values) == 1 and isinstance(values[0], str) else str(error)
        raise RefusedError(snake_case(type(error).__name__), text or type(error).__name__) from None
