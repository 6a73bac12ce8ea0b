"""The running services: sessions over gRPC, gRPC-web and HTTP, refusals as statuses, event streams, ports."""

import asyncio
import base64
import json
import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import grpc
import pytest
import requests
from google.protobuf.empty_pb2 import Empty
from operator_clients import IDENTITY, SECRET, Client, over_both, status_of, with_network

from exporter.errors import ConfigError
from exporter.network.ledger import keys
from exporter.network.proto import spark_pb2 as pb
from exporter.network.proto import ssp_authn_pb2
from exporter.settings.network import FaucetLogin, NetworkSettings


@over_both
def test_operators_want_a_session_of_their_own(transport: type[Client]) -> None:
    async def check(network: dict[str, Any]) -> None:
        async with transport(network) as coordinator, transport(network, 1) as other:
            query = pb.QueryBalanceRequest(identity_public_key=IDENTITY)
            assert await status_of(coordinator.spark("query_balance", query)) is grpc.StatusCode.UNAUTHENTICATED
            await coordinator.sign_in()
            assert (await coordinator.spark("query_balance", query)).balance == 0
            other.token = coordinator.token
            assert await status_of(other.spark("query_balance", query)) is grpc.StatusCode.UNAUTHENTICATED
            other.token = "forged"
            assert await status_of(other.spark("query_balance", query)) is grpc.StatusCode.UNAUTHENTICATED
            assert await status_of(other.sign_in(SECRET + 1)) is grpc.StatusCode.UNAUTHENTICATED

    with_network(check)


@over_both
def test_refusals_have_the_status_of_a_real_operator(transport: type[Client]) -> None:
    async def check(network: dict[str, Any]) -> None:
        async with transport(network) as client:
            await client.sign_in()
            foreign = pb.StartTransferRequest(owner_identity_public_key=keys.public_key(5))
            assert await status_of(client.spark("start_transfer_v2", foreign)) is grpc.StatusCode.PERMISSION_DENIED
            empty = pb.StartTransferRequest(owner_identity_public_key=IDENTITY)
            assert await status_of(client.spark("start_transfer_v2", empty)) is grpc.StatusCode.INVALID_ARGUMENT
            nowhere = pb.RenewLeafRequest(leaf_id="nowhere")
            assert await status_of(client.spark("renew_leaf", nowhere)) is grpc.StatusCode.NOT_FOUND
            none = pb.GetSigningCommitmentsRequest(count=0)
            assert await status_of(client.spark("get_signing_commitments", none)) is grpc.StatusCode.INVALID_ARGUMENT
            lacking = client.spark("get_signing_operator_list", Empty())
            assert await status_of(lacking) is grpc.StatusCode.UNIMPLEMENTED

    with_network(check)


class _Undecodable:
    """A request that is none of the method's."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        return b"\xff\xff"


@over_both
def test_what_can_not_be_asked_is_an_invalid_argument(transport: type[Client]) -> None:
    async def check(network: dict[str, Any]) -> None:
        async with transport(network) as client:
            await client.sign_in()
            signing = keys.public_key(5)
            wanted = pb.GenerateStaticDepositAddressRequest(
                signing_public_key=signing,
                identity_public_key=IDENTITY,
                network=pb.REGTEST,
                hash_variant=pb.HASH_VARIANT_V2,
            )
            made = await client.spark("generate_static_deposit_address", wanted)
            address = made.deposit_address.address
            far = pb.GetUtxosForAddressRequest(address=address, offset=2**63)
            farther = pb.GetUtxosForIdentityRequest(
                identity_public_key=IDENTITY, page=pb.PageRequest(cursor="9" * 5000)
            )
            for name, request in (
                ("query_balance", _Undecodable()),
                ("get_utxos_for_address", far),
                ("get_utxos_for_identity", farther),
            ):
                assert await status_of(client.spark(name, request)) is grpc.StatusCode.INVALID_ARGUMENT
            stream = await client.spark("subscribe_to_events", _Undecodable())
            assert await status_of(stream.read()) is grpc.StatusCode.INVALID_ARGUMENT

    with_network(check)


@over_both
def test_funding_reaches_the_open_event_stream(transport: type[Client]) -> None:
    async def check(network: dict[str, Any]) -> None:
        async with transport(network) as client:
            await client.sign_in()
            stream = await client.spark(
                "subscribe_to_events", pb.SubscribeToEventsRequest(identity_public_key=IDENTITY)
            )
            assert (await stream.read()).WhichOneof("event") == "connected"
            answer = await asyncio.to_thread(ask_faucet, network, spark_address(IDENTITY), 1000)
            assert "errors" not in answer
            transfer = (await stream.read()).receiver_transfer.transfer
            assert transfer.total_value == 1000
            wanted = pb.TransferFilter(receiver_identity_public_key=IDENTITY)
            pending = await client.spark("query_pending_transfers", wanted)
            assert [found.id for found in pending.transfers] == [transfer.id]
            assert pending.offset == -1

    with_network(check)


@over_both
def test_an_answer_tells_the_time(transport: type[Client]) -> None:
    async def check(network: dict[str, Any]) -> None:
        async with transport(network) as client:
            off = datetime.now(UTC) - parsedate_to_datetime(await client.date())
        assert abs(off.total_seconds()) < 60

    with_network(check)


@over_both
def test_wallet_settings_are_remembered(transport: type[Client]) -> None:
    async def check(network: dict[str, Any]) -> None:
        async with transport(network) as client:
            await client.sign_in()
            await client.spark("update_wallet_setting", pb.UpdateWalletSettingRequest(private_enabled=True))
            answer = await client.spark("query_wallet_setting", pb.QueryWalletSettingRequest())
            assert answer.wallet_setting.private_enabled

    with_network(check)


def spark_address(identity: bytes) -> str:
    from embit import bech32

    payload = pb.SparkAddress(identity_public_key=identity).SerializeToString()
    data = bech32.convertbits(payload, 8, 5)
    address: str = bech32.bech32_encode(bech32.Encoding.BECH32M, "sparkrt", data)
    return address


def ask(network: dict[str, Any], query: str, variables: dict[str, Any], **options: Any) -> requests.Response:
    url = f"{network['ssp']['base_url']}/{network['ssp']['schema_endpoint']}"
    return requests.post(url, json={"query": query, "variables": variables}, timeout=20, **options)


FAUCET = (
    "mutation RequestRegtestFunds($address: String!, $amount_sats: Long!) {"
    " request_regtest_funds(input: {address: $address, amount_sats: $amount_sats}) { transaction_hash } }"
)


def ask_faucet(network: dict[str, Any], address: str, sats: int) -> dict[str, Any]:
    answer: dict[str, Any] = ask(network, FAUCET, {"address": address, "amount_sats": sats}).json()
    return answer


@pytest.mark.parametrize(
    ("address", "sats", "problem"),
    [("nonsense", 1000, "not a Spark address"), (None, 50_001, "50000"), (None, 0, "from 1")],
)
def test_the_faucet_says_what_is_wrong(address: str | None, sats: int, problem: str) -> None:
    async def check(network: dict[str, Any]) -> None:
        answer = await asyncio.to_thread(ask_faucet, network, address or spark_address(IDENTITY), sats)
        assert problem in answer["errors"][0]["message"]

    with_network(check)


def test_the_faucet_asks_for_its_password() -> None:
    async def check(network: dict[str, Any]) -> None:
        variables = {"address": spark_address(IDENTITY), "amount_sats": 1000}
        for login, status in ((None, 401), (("user", "wrong"), 401), (("user", "secret"), 200)):
            answer = await asyncio.to_thread(ask, network, FAUCET, variables, auth=login)
            assert answer.status_code == status
            assert "secret" not in answer.text

    assert "secret" not in repr(FaucetLogin("user", "secret"))
    with_network(check, NetworkSettings(faucet=FaucetLogin("user", "secret")))


CHALLENGE = "mutation Get($input: GetChallengeInput!) { get_challenge(input: $input) { protected_challenge } }"
VERIFY = "mutation Verify($input: VerifyChallengeInput!) { verify_challenge(input: $input) { session_token } }"
TRANSFERS = "query Transfers($ids: [UUID!]!) { transfers(transfer_spark_ids: $ids) { __typename spark_id } }"


def test_the_provider_opens_a_session_for_a_signed_challenge() -> None:
    async def check(network: dict[str, Any]) -> None:
        def sign_in(secret: int) -> dict[str, Any]:
            made = ask(network, CHALLENGE, {"input": {"public_key": IDENTITY.hex()}}).json()
            text = made["data"]["get_challenge"]["protected_challenge"]
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            assert ssp_authn_pb2.ProtectedChallenge.FromString(raw).challenge.public_key == IDENTITY
            signature = base64.urlsafe_b64encode(keys.sign(secret, raw)).decode()
            given = {"protected_challenge": text, "signature": signature, "identity_public_key": IDENTITY.hex()}
            answer = ask(network, VERIFY, {"input": given})
            return {"status": answer.status_code, **answer.json()}

        assert (await asyncio.to_thread(sign_in, SECRET + 1))["status"] == 401
        token = (await asyncio.to_thread(sign_in, SECRET))["data"]["verify_challenge"]["session_token"]
        for header, status in ((None, 401), ("Bearer forged", 401), (f"Bearer {token}", 200)):
            headers = {"Authorization": header} if header else {}
            answer = await asyncio.to_thread(ask, network, TRANSFERS, {"ids": []}, headers=headers)
            assert answer.status_code == status

    with_network(check)


@pytest.mark.parametrize("body", ["", "[]", "{}", "not json", json.dumps({"query": "query {"})])
def test_a_malformed_request_is_answered(body: str) -> None:
    async def check(network: dict[str, Any]) -> None:
        url = f"{network['ssp']['base_url']}/{network['ssp']['schema_endpoint']}"
        answer = await asyncio.to_thread(requests.post, url, data=body, timeout=20)
        assert answer.status_code in (200, 400)
        assert answer.json()["errors"]

    with_network(check)


def test_a_port_in_use_is_refused_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        async def check(network: dict[str, Any]) -> None:
            raise AssertionError("must not start")

        with pytest.raises(ConfigError, match=str(port)):
            with_network(check, NetworkSettings(port=port))
