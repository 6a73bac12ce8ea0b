"""Invoices: read back as written, as another implementation writes them, and not when spoilt."""

import string

import pytest
from costly_properties import percent_of_examples
from embit import bech32
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.network.ledger import invoices, keys
from exporter.network.ledger.errors import Invalid
from exporter.network.ledger.invoices import Invoice

# Made by the library bolt11 2.2.0 with the secret key 33…33.
FOREIGN = (
    "lnbcrt12345670n1pj48ugqpp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygssp5yg3zyg3zy"
    "g3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3qdqcd4jk6ar9wd6zqurp09kk2mn5xqrrssdm05s67yvwstdd"
    "dueqqzlytgnxj2rsayx75wxm5tqz2cxejt8fxywk6km7umx4tp57e6r5fhfdt42hclv7gh8kvul5tprh986xayk0cq"
    "8z6a0x"
)
FOREIGN_PAYEE = "023c72addb4fdf09af94f0c94d7fe92a386a7e70cf8a1d85916386bb2535c7b1b1"

scalars = st.integers(1, keys.ORDER - 1)
hashes = st.binary(min_size=32, max_size=32)


@given(
    secret=scalars,
    payment_hash=hashes,
    sats=st.none() | st.integers(1, 21 * 10**14),
    created=st.integers(0, 2**35 - 1),
    expiry=st.integers(0, 2**40),
    memo=st.text(max_size=150).filter(lambda text: len(text.encode()) <= 639),
    memo_hash=st.none() | hashes,
    hinted=st.booleans(),
    spark_invoice=st.none() | st.text(string.ascii_lowercase, max_size=600),
)
def test_invoices_read_as_they_were_written(
    secret: int,
    payment_hash: bytes,
    sats: int | None,
    created: int,
    expiry: int,
    memo: str,
    memo_hash: bytes | None,
    hinted: bool,
    spark_invoice: str | None,
) -> None:
    wallet = keys.public_key(5) if hinted else None
    said = None if memo_hash else memo
    payee = keys.public_key(secret)
    written = Invoice(payment_hash, sats, created, expiry, said, memo_hash, wallet, spark_invoice, payee)
    assert invoices.decode(invoices.encode(written, secret)) == written


def test_a_spark_invoice_that_no_field_can_hold_is_refused() -> None:
    with pytest.raises(Invalid, match="too long"):
        invoices.encode(Invoice(bytes(32), 1, 0, spark_invoice="s" * 640), 5)


def test_reads_what_another_implementation_wrote() -> None:
    invoice = invoices.decode(FOREIGN.upper())
    assert invoice == Invoice(
        payment_hash=bytes([0x11]) * 32,
        sats=1_234_567,
        created=1_700_000_000,
        expiry_seconds=3600,
        memo="memtest payment",
        payee=bytes.fromhex(FOREIGN_PAYEE),
    )
    assert invoice.expires == 1_700_003_600


@settings(max_examples=percent_of_examples(60))
@given(st.integers(0, len(FOREIGN) - 1), st.sampled_from(bech32.CHARSET))
def test_refuses_an_invoice_with_a_character_changed(at: int, character: str) -> None:
    spoilt = FOREIGN[:at] + character + FOREIGN[at + 1 :]
    if spoilt != FOREIGN:
        with pytest.raises(Invalid):
            invoices.decode(spoilt)


@pytest.mark.parametrize("text", ["", "lnbcrt", "lnbcrt1", "lnbcrt10u1qqqqqq", "lnbc1" + FOREIGN[7:], "lnbcrt1é"])
def test_refuses_what_is_no_invoice_of_this_network(text: str) -> None:
    with pytest.raises(Invalid):
        invoices.decode(text)


def test_refuses_an_invoice_whose_good_checksum_is_over_nothing_signed() -> None:
    text = bech32.bech32_encode(bech32.Encoding.BECH32, "lnbcrt", [0] * 150)
    with pytest.raises(Invalid):
        invoices.decode(text)


def test_refuses_a_memo_that_no_invoice_can_hold() -> None:
    longest = Invoice(bytes(32), 1, 0, memo="é" * 319 + "x")
    assert invoices.decode(invoices.encode(longest, 5)).memo == longest.memo
    with pytest.raises(Invalid, match="holds 639"):
        invoices.encode(Invoice(bytes(32), 1, 0, memo="é" * 320), 5)
