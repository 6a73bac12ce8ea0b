"""The provider's GraphQL: what wallets ask for, in the words that they ask with."""

import asyncio
import json
import zlib
from typing import Any

import pytest
from asgi_client import Answer, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mini_wallet import Wallet, World

from exporter.network.ledger import keys
from exporter.network.parties.lightning import fee
from exporter.network.servers import http
from exporter.network.servers.graphql.api import Api

REQUEST = """
query UserRequest($id: ID!) { user_request(request_id: $id) {
  __typename
  ... on LightningSendRequest {
    id send_status: status encoded_invoice sent_preimage: payment_preimage
    fee { original_value original_unit } transfer { spark_id total_amount { original_value } }
  }
  ... on LightningReceiveRequest { status receive_preimage: payment_preimage invoice { payment_hash memo } }
  ... on ClaimStaticDeposit { transaction_id output_index credit_amount { original_value } }
} }
"""
TRANSFERS = """
query Transfers($ids: [UUID!]!) { transfers(transfer_spark_ids: $ids) {
  spark_id total_amount { original_value } user_request { __typename id }
} }
"""
REQUESTS = """
query Requests(
  $first: Int, $after: String, $types: [SparkUserRequestType!], $statuses: [SparkUserRequestStatus!],
  $networks: [BitcoinNetwork!]
) { current_user { ... on SparkWalletUser {
  user_requests(first: $first, after: $after, types: $types, statuses: $statuses, networks: $networks) {
    count page_info { has_next_page has_previous_page end_cursor } entities { id }
  }
} } }
"""
SEND = """
mutation RequestLightningSend($input: RequestLightningSendInput!) {
  request_lightning_send(input: $input) { request { id status } }
}
"""
RECEIVE = """
mutation RequestLightningReceive($input: RequestLightningReceiveInput!) {
  request_lightning_receive(input: $input) { request { id invoice { encoded_invoice amount { original_value } } } }
}
"""


class Asker:
    """A wallet with a session at the provider."""

    def __init__(self, world: World, app: Any, api: Api, wallet: Wallet) -> None:
        self.wallet = wallet
        self._app = app
        self.token, _ = api.sessions.open(wallet.identity, keys.sign(wallet.secret, b"x"), b"x")

    def post(
        self, query: str, body: bytes | None = None, headers: dict[str, str] | None = None, **variables: Any
    ) -> Answer:
        plain = json.dumps({"query": query, "variables": variables}).encode()
        authorization = {"authorization": f"Bearer {self.token}", **(headers or {})}
        return request(self._app, "POST", f"/{http.GRAPHQL_PATH}", body or plain, authorization)

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self.post(query, **variables)
        assert answer.status == 200
        parsed = json.loads(answer.body)
        assert "errors" not in parsed, parsed
        return parsed["data"]


@pytest.fixture
def askers(world: World) -> list[Asker]:
    api = world.services.api()
    app = http.app(api, world.services.chain)
    return [Asker(world, app, api, Wallet(world)) for _ in range(3)]


def test_a_payment_is_shown_to_its_parties_by_request_and_by_transfer(world: World, askers: list[Asker]) -> None:
    async def locked() -> tuple[str, str]:
        await payer.wallet.funded(5_000)
        receive = await receiver.wallet.invoice(100)
        return receive.id, await payer.wallet.lock(await payer.wallet.exact(100 + fee(100)), receive)

    payer, receiver, stranger = askers
    receive_id, transfer_id = asyncio.run(locked())
    invoice = receiver.ask(REQUEST, id=f"LightningReceiveRequest:{receive_id}")["user_request"]
    assert (invoice["status"], invoice["receive_preimage"]) == ("INVOICE_CREATED", None)
    text = world.services.requests.find(receive_id)
    wanted = {"encoded_invoice": getattr(text, "invoice", ""), "user_outbound_transfer_external_id": transfer_id}
    sent_id = payer.ask(SEND, input=wanted)["request_lightning_send"]["request"]["id"]

    sent = payer.ask(REQUEST, id=sent_id)["user_request"]
    assert sent["send_status"] == "TRANSFER_COMPLETED"
    assert sent["fee"] == {"original_value": fee(100), "original_unit": "SATOSHI"}
    assert sent["transfer"] == {"spark_id": transfer_id, "total_amount": {"original_value": 100 + fee(100)}}
    received = receiver.ask(REQUEST, id=f"LightningReceiveRequest:{receive_id}")["user_request"]
    assert received["status"] == "TRANSFER_COMPLETED"
    assert received["receive_preimage"] == sent["sent_preimage"]
    paid = world.services.requests.find(receive_id)
    assert paid is not None
    ids = [transfer_id, str(paid.transfer_id), "unknown"]
    assert payer.ask(TRANSFERS, ids=ids)["transfers"] == [
        {
            "spark_id": transfer_id,
            "total_amount": {"original_value": 100 + fee(100)},
            "user_request": {"__typename": "LightningSendRequest", "id": sent_id},
        }
    ]
    assert [each["spark_id"] for each in receiver.ask(TRANSFERS, ids=ids)["transfers"]] == [paid.transfer_id]
    assert stranger.ask(TRANSFERS, ids=ids)["transfers"] == []
    assert stranger.ask(REQUEST, id=sent_id)["user_request"] is None
    assert payer.ask(TRANSFERS, ids=[])["transfers"] == []


def test_makes_invoices_for_others_as_well(world: World, askers: list[Asker]) -> None:
    server, receiver, _ = askers
    wanted = {
        "network": "REGTEST",
        "amount_sats": 5,
        "payment_hash": "11" * 32,
        "receiver_identity_pubkey": receiver.wallet.identity.hex(),
        "memo": "hello",
    }
    made = server.ask(RECEIVE, input=wanted)["request_lightning_receive"]["request"]
    assert made["invoice"]["amount"]["original_value"] == 5
    for asker in (server, receiver):
        shown = asker.ask(REQUEST, id=made["id"])["user_request"]
        assert shown["invoice"] == {"payment_hash": "11" * 32, "memo": "hello"}


def test_lists_the_requests_of_a_wallet_in_pages(world: World, askers: list[Asker]) -> None:
    bob, alice = askers[1], askers[0]
    made = [asyncio.run(bob.wallet.invoice(sats)).id for sats in (1, 2, 3)]

    def page(asker: Asker, **variables: Any) -> Any:
        return asker.ask(REQUESTS, **variables)["current_user"]["user_requests"]

    first = page(bob, first=2, types=["LIGHTNING_RECEIVE"])
    assert [each["id"].partition(":")[2] for each in first["entities"]] == made[:0:-1]
    assert (first["count"], first["page_info"]["has_next_page"]) == (2, True)
    last = page(bob, first=2, after=first["page_info"]["end_cursor"])
    assert [each["id"].partition(":")[2] for each in last["entities"]] == made[:1]
    assert (last["page_info"]["has_next_page"], last["page_info"]["has_previous_page"]) == (False, True)
    for nothing in ({"types": ["COOP_EXIT"]}, {"statuses": ["SUCCEEDED"]}, {"networks": ["MAINNET"]}):
        assert page(bob, **nothing)["entities"] == []
    assert len(page(bob, statuses=["CREATED"])["entities"]) == 3
    assert page(alice)["entities"] == []
    assert b"errors" in bob.post(REQUESTS, first=0).body


def test_says_no_in_graphql(askers: list[Asker]) -> None:
    alice = askers[0]
    wanted = {"network": "REGTEST", "amount_sats": 5, "payment_hash": "xx"}
    answer = alice.post(RECEIVE, input=wanted)
    assert answer.status == 200
    assert "payment_hash is not hexadecimal" in json.loads(answer.body)["errors"][0]["message"]
    for query in ("query { nothing }", "not graphql", "query A { a } query B { b }"):
        assert json.loads(alice.post(query).body)["errors"]
    lacking = json.loads(alice.post(RECEIVE, input={"network": "REGTEST"}).body)
    assert "amount_sats" in lacking["errors"][0]["message"]


def test_wants_a_session(askers: list[Asker]) -> None:
    alice = askers[0]
    for authorization in ("", "Bearer forged", "Basic eDp5"):
        assert alice.post(TRANSFERS, headers={"authorization": authorization}, ids=[]).status == 401


def test_takes_compressed_requests(askers: list[Asker]) -> None:
    alice = askers[0]
    plain = json.dumps({"query": TRANSFERS, "variables": {"ids": []}}).encode()
    packed = alice.post("", zlib.compress(plain), {"content-encoding": "deflate"})
    assert json.loads(packed.body) == {"data": {"transfers": []}}
    assert alice.post("", b"not compressed", {"content-encoding": "deflate"}).status == 400
    assert alice.post("", b"[]").status == 400


WRONG_AMOUNTS: tuple[object, ...] = ("x", {}, 1.5, True, 2**63)
WRONG_TEXTS: tuple[object, ...] = (3, {})


def wanting(**fields: object) -> dict[str, object]:
    return {"input": {"network": "REGTEST", **fields}}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (TRANSFERS, {"ids": [{}]}),
        (TRANSFERS, {"ids": [10**30]}),
        (REQUEST, {"id": [1]}),
        ("{ transfers(transfer_spark_ids: [[1]]) { spark_id } }", {}),
        *((RECEIVE, wanting(amount_sats=sats)) for sats in WRONG_AMOUNTS),
        *((RECEIVE, wanting(amount_sats=1, payment_hash=wrong)) for wrong in WRONG_TEXTS),
        ("{" + "a{" * 5000, {}),
        ("query X {" + "transfers(transfer_spark_ids: []) { spark_id } " * 5000 + "}", {}),
        ("fragment A on Query {...B} fragment B on Query {...A} query X {...A}", {}),
    ],
)
def test_wrong_values_are_errors_in_the_answer(askers: list[Asker], query: str, variables: dict[str, Any]) -> None:
    answer = askers[0].post(query, **variables)
    assert answer.status == 200
    assert json.loads(answer.body)["errors"]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"query": 5}',
        b'{"query": null}',
        b'{"query": "{ a }", "variables": [1]}',
        b'{"query": "{ a }", "operationName": {}}',
        b'{"query": "\\ud800"}',
        b'{"query": "{ a }", "variables": ' + b'{"a":' * 100_000,
        b'{"query": ' + b"9" * 5000 + b"}",
        b"\xff",
    ],
)
def test_what_asks_nothing_is_a_bad_request(askers: list[Asker], body: bytes) -> None:
    answer = askers[0].post("", body)
    assert answer.status == 400
    assert "query" in json.loads(answer.body)["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b" " * (1 << 21), {}), (zlib.compress(b" " * (1 << 24)), {"content-encoding": "deflate"})],
)
def test_a_body_is_read_with_a_bound(askers: list[Asker], body: bytes, headers: dict[str, str]) -> None:
    assert askers[0].post("", body, headers).status == 413


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["input", "id", "ids"]) | st.text(), inner),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([REQUEST, TRANSFERS, SEND, RECEIVE]), JSON)
def test_no_variables_are_a_fault(askers: list[Asker], query: str, variables: object) -> None:
    body = json.dumps({"query": query, "variables": variables}).encode()
    assert askers[0].post("", body).status in (200, 400)


def test_every_field_of_the_schema_is_resolved(world: World) -> None:
    with pytest.raises(LookupError, match="nothing resolves claim_static_deposit, "):
        Api(world.services.api().sessions)
