"""The SDK without anything of ours around it but its settings: from a new process to a first payment.

    python benchmarks/sdk_alone.py NETWORK_FILE

On a network that is there already: the SDK is imported, two wallets are connected and synced, and funded at the
faucet until they see their money, and one pays the other.
"""

import asyncio
import json
import resource
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

SATS = 50_000
MUTATION = """mutation RequestRegtestFunds($address: String!, $amount_sats: Long!) {
  request_regtest_funds(input: {address: $address, amount_sats: $amount_sats}) { transaction_hash }
}"""


def seconds_to_a_payment() -> tuple[float, float]:
    """Start a local network, and measure this program on it: its time from start to end, and of a processor."""
    with (
        tempfile.NamedTemporaryFile("w") as file,
        subprocess.Popen(
            [sys.executable, "-P", "-m", "exporter.network"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as network,
    ):
        assert network.stdout is not None
        assert network.stdin is not None
        file.write(network.stdout.readline())
        file.flush()
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, __file__, file.name], check=True)
        took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        network.stdin.close()
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def pay_once(network: dict[str, Any], storage: str) -> None:
    import breez_sdk_spark as sdk  # type: ignore[import-untyped]

    from exporter.drivers.python.breez import sdk_config

    def fund(address: str) -> None:
        asked = {"query": MUTATION, "variables": {"address": address, "amount_sats": SATS}}
        body = json.dumps({"operationName": "RequestRegtestFunds", **asked}).encode()
        url, kind = network["faucet"]["url"], {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(url, body, kind), timeout=30).close()

    async def wallet(name: str) -> Any:
        config = sdk_config(network, prefer_spark=True, optimize_leaves=True)
        builder = sdk.SdkBuilder(config, sdk.Seed.ENTROPY(secrets.token_bytes(32)))
        await builder.with_default_storage(f"{storage}/{name}")
        await builder.with_rest_chain_service(network["chain"]["url"], sdk.ChainApiType.ESPLORA, None)
        connected = await builder.build()
        method = sdk.ReceivePaymentMethod.SPARK_ADDRESS()
        address = (await connected.receive_payment(sdk.ReceivePaymentRequest(payment_method=method))).payment_request
        await asyncio.to_thread(fund, address)
        while (await connected.get_info(sdk.GetInfoRequest(ensure_synced=False))).balance_sats < SATS:
            await connected.sync_wallet(sdk.SyncWalletRequest())
        return connected, address

    (payer, _), (_, address) = await asyncio.gather(wallet("alice"), wallet("bob"))
    request = sdk.PaymentRequest.INPUT(input=address)
    prepared = await payer.prepare_send_payment(sdk.PrepareSendPaymentRequest(payment_request=request, amount=1000))
    await payer.send_payment(sdk.SendPaymentRequest(prepare_response=prepared, options=None))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        for name in ("alice", "bob"):
            (Path(directory) / name).mkdir()
        asyncio.run(pay_once(json.loads(Path(sys.argv[1]).read_text()), directory))
