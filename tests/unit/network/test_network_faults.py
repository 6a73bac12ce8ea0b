"""Faults on demand: as often as asked for, and nothing has changed when a call fails."""

import asyncio
import json
import random
from collections import Counter
from typing import Any

import grpc
from asgi_client import Answer, request
from hypothesis import given
from hypothesis import strategies as st
from operator_clients import Client, over_both, status_of, with_network
from starlette.applications import Starlette

from exporter.network.assembly import Services
from exporter.network.ledger import keys
from exporter.network.ledger.archive import Archive
from exporter.network.ledger.errors import Broken, Unavailable
from exporter.network.proto import spark_pb2 as pb
from exporter.network.servers import http
from exporter.network.servers.faults import Faults
from exporter.settings.network import FaultSettings, NetworkSettings


class Clock:
    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


@given(st.floats(0, 10_000))
def test_outages_come_at_the_start_of_every_period_but_the_first(elapsed: float) -> None:
    clock = Clock()
    faults = Faults(FaultSettings(outage_every_seconds=300, outage_for_seconds=20), clock)
    clock.seconds += elapsed
    since = clock.seconds - 50.0  # as the clock can tell it
    assert faults.away == (since >= 300 and since % 300 < 20)


def test_without_outages_the_provider_is_never_away() -> None:
    assert not Faults(FaultSettings(error_rate=0.5)).away


def test_calls_fail_as_often_as_asked_for() -> None:
    faults = Faults(FaultSettings(error_rate=0.1), chance=random.Random(7))
    outcomes: Counter[type | None] = Counter()

    async def calls() -> None:
        for _ in range(5_000):
            try:
                await faults.before_call()
                outcomes[None] += 1
            except (Unavailable, Broken) as refusal:
                outcomes[type(refusal)] += 1

    asyncio.run(calls())
    assert 400 < outcomes[Unavailable] + outcomes[Broken] < 600
    assert min(outcomes[Unavailable], outcomes[Broken]) > 180


def test_calls_take_longer_by_the_latency() -> None:
    async def check() -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await Faults(FaultSettings(latency_seconds=0.05)).before_call()
        await Faults(FaultSettings(latency_seconds=0.05)).before_request()
        assert loop.time() - started >= 0.1

    asyncio.run(check())


def test_acts_at_each_outage() -> None:
    async def check() -> None:
        begun = asyncio.Event()
        faults = Faults(FaultSettings(outage_every_seconds=0.02, outage_for_seconds=0.01))
        acting = asyncio.create_task(faults.at_each_outage(begun.set))
        for _ in range(3):
            await asyncio.wait_for(begun.wait(), 60)
            begun.clear()
        acting.cancel()

    asyncio.run(check())


def application(faults: Faults) -> Starlette:
    services = Services(Archive())
    return http.app(services.api(), services.chain, None, faults)


def ask(app: Starlette, operation: str, query: str, **variables: Any) -> Answer:
    body = {"operationName": operation, "query": query, "variables": variables}
    return request(app, "POST", f"/{http.GRAPHQL_PATH}", json.dumps(body).encode())


FEES = "query Fees { leaves_swap_fee_estimate(input: {total_amount_sats: 5}) { fee_estimate { original_value } } }"
FUNDS = (
    "mutation RequestRegtestFunds($address: String!)"
    " { request_regtest_funds(input: {address: $address, amount_sats: 5}) { transaction_hash } }"
)


def test_a_provider_that_is_away_answers_503_and_the_faucet_answers() -> None:
    clock = Clock()
    app = application(Faults(FaultSettings(outage_every_seconds=100, outage_for_seconds=10), clock))
    assert ask(app, "Fees", FEES).status == 200
    clock.seconds += 105
    assert ask(app, "Fees", FEES).status == 503
    address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
    assert ask(app, "RequestRegtestFunds", FUNDS, address=address).status == 200
    assert request(app, "GET", "/chain/blocks/tip/height").status == 200
    clock.seconds += 10
    assert ask(app, "Fees", FEES).status == 200


def test_a_lost_event_ends_its_stream_and_the_money_is_still_there() -> None:
    async def check() -> None:
        services = Services(Archive(), loses_event=lambda: True)
        identity = keys.public_key(5)
        stream = services.events.subscribe(identity)
        assert (await anext(stream)).HasField("connected")
        transfer = services.provider.fund(identity, 8)
        assert [message async for message in stream] == []
        assert services.ledger.transfer(transfer.row.id) is transfer

    asyncio.run(check())


@over_both
def test_operators_fail_over_the_wire(transport: type[Client]) -> None:
    async def check(network: dict[str, Any]) -> None:
        async with transport(network) as client:
            await client.sign_in()
            codes = set()
            for _ in range(40):
                codes.add(await status_of(client.spark("query_balance", pb.QueryBalanceRequest())))
            assert codes == {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL}

    with_network(check, NetworkSettings(faults=FaultSettings(error_rate=1 - 1e-9)))
