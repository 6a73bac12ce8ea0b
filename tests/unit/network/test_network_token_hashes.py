"""The hashes of token transactions, as the official client (@buildonspark/spark-sdk 0.8.8) computes them."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from exporter.network.ledger.errors import Invalid
from exporter.network.ledger.token_hashes import draft_hash, final_hash, freeze_hash, object_hash
from exporter.network.proto import token_pb2 as pb

INVOICE = (
    "sparkrt1pgss9f43pgk5lkrelrns48sp3f7krc7q79qthek8ya86r2jugjyk6jepzgvssqgjzqq6ygksmjdh8v97lqqa9g80kgc35qcjqyr35sqh5"
    "00hp5jadyxrr56wrg0l640xxfnasnrs4p4h4tr6pse9pft6je5qtksfy4zzu65l7ss00h5ug82v8h6jjzlj87pxzef5wrtggqt8cmf2gmj"
)
CREATED = Timestamp(seconds=1_700_000_000, nanos=123_000_000)
AMOUNT = b"\x01" + bytes(14) + b"\x07"
SPENT = pb.TokenTransferInput(
    outputs_to_spend=[
        pb.TokenOutputToSpend(prev_token_transaction_hash=b"\1" * 32),
        pb.TokenOutputToSpend(prev_token_transaction_hash=b"\2" * 32, prev_token_transaction_vout=3),
    ]
)
MINT = pb.TokenMintInput(issuer_public_key=b"\7" * 33, token_identifier=b"\5" * 32)
CREATE = pb.TokenCreateInput(
    issuer_public_key=b"\7" * 33,
    token_name="token",
    token_ticker="TST",
    max_supply=bytes(16),
    is_freezable=True,
    creation_entity_public_key=b"\x08" * 33,
    extra_metadata=b"\1\2",
)


def _version_3(invoices: list[str], **parts: Any) -> pb.FinalTokenTransaction:
    return pb.FinalTokenTransaction(
        version=3,
        token_transaction_metadata=pb.TokenTransactionMetadata(
            spark_operator_identity_public_keys=[b"\2" * 33, b"\3" * 33],
            network="REGTEST",
            client_created_timestamp=CREATED,
            validity_duration_seconds=180,
            invoice_attachments=[pb.InvoiceAttachment(spark_invoice=text) for text in invoices],
        ),
        **parts,
    )


def test_the_hash_of_version_3_is_that_of_the_message() -> None:
    partial = pb.PartialTokenOutput(
        owner_public_key=b"\4" * 33,
        withdraw_bond_sats=10_000,
        withdraw_relative_block_locktime=1_000,
        token_identifier=b"\5" * 32,
        token_amount=AMOUNT,
    )
    output = pb.FinalTokenOutput(partial_token_output=partial, revocation_commitment=b"\6" * 33)
    paid = _version_3(["an invoice"], transfer_input=SPENT, final_token_outputs=[output])
    assert object_hash(paid).hex() == "a46bfdaed9540a68a4809671ea8f6e149072409975544499cefbc9ae583f88a6"
    created = _version_3([], create_input=CREATE)
    assert object_hash(created).hex() == "30ce4102ee5694763bd98e5bbcc620f48dc15962e436061a21efa6216ca6d130"


def _version_2(invoices: list[str], *, has_output: bool, **inputs: Any) -> pb.TokenTransaction:
    output = pb.TokenOutput(
        id="db1a4e48-0fc5-4f6c-8a80-d9d6c561a436",
        owner_public_key=b"\4" * 33,
        revocation_commitment=b"\6" * 33,
        withdraw_bond_sats=10_000,
        withdraw_relative_block_locktime=1_000,
        token_identifier=b"\5" * 32,
        token_amount=AMOUNT,
    )
    return pb.TokenTransaction(
        version=2,
        network="REGTEST",
        spark_operator_identity_public_keys=[b"\3" * 33, b"\2" * 33],
        expiry_time=Timestamp(seconds=1_700_000_180),
        client_created_timestamp=CREATED,
        invoice_attachments=[pb.InvoiceAttachment(spark_invoice=text) for text in invoices],
        token_outputs=[output] * has_output,
        **inputs,
    )


@pytest.mark.parametrize(
    ("transaction", "draft", "final"),
    [
        (
            _version_2([INVOICE], has_output=True, transfer_input=SPENT),
            "736e2e82e97288da1e44c6952640a0e0a24112a30bba605728bc70323ee00869",
            "df2973aedbb94b39a777b345dbeb4bf729a6444cfb6de5c750301319ad11e4ac",
        ),
        (
            _version_2([], has_output=True, mint_input=MINT),
            "e0268a87cb7e2dcd00e28994da3126d79ba95044434bf70dd648f3ef4d59f4bc",
            "e30893f4a989ad80e37dd02905a44b40c4f0d4dc13350693dbfe65b9789f929f",
        ),
        (
            _version_2([], has_output=False, create_input=CREATE),
            "6f7b68213c32661d4e1c7657f244ff7f78b08f025c690b1d00f1679f0becedbb",
            "9a804b8ff24615c78d0941ef141810004575023782f31e79029243d7604f92dc",
        ),
    ],
)
def test_the_hashes_of_version_2_are_those_of_parts(transaction: pb.TokenTransaction, draft: str, final: str) -> None:
    assert (draft_hash(transaction).hex(), final_hash(transaction).hex()) == (draft, final)


@pytest.mark.parametrize("text", ["", "an invoice", "sparkrt1qqqq", INVOICE[:-1] + "q"])
def test_what_is_no_invoice_has_no_hash(text: str) -> None:
    with pytest.raises(Invalid):
        draft_hash(_version_2([text], has_output=True, transfer_input=SPENT))


def test_an_issuer_signs_whether_tokens_are_frozen_or_freed() -> None:
    wish = pb.FreezeTokensPayload(version=1, owner_public_key=b"\4" * 33, issuer_provided_timestamp=5)
    frozen = freeze_hash(wish)
    wish.should_unfreeze = True
    assert freeze_hash(wish) != frozen
