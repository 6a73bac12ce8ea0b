"""Lightning invoices of the regtest network (BOLT 11): encoded and decoded, as far as payments here need it.

The field numbers are those of the specification's table of tagged fields.
"""

import functools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from embit import bech32

from exporter.network.ledger import keys
from exporter.network.ledger.errors import Invalid

DEFAULT_EXPIRY_SECONDS = 3600
SPARK_CHANNEL = 17592187092992000001  # the short channel id of a hint that names a wallet, not a channel

_PREFIX = "lnbcrt"
_PICO_PER_SAT = 10_000  # an amount's smallest unit is a tenth of a millisatoshi
_MULTIPLIERS = {"": 10**12, "m": 10**9, "u": 10**6, "n": 10**3, "p": 1}
_HASH, _SECRET, _MEMO, _PAYEE, _MEMO_HASH, _EXPIRY, _ROUTE, _CLTV, _FEATURES = 1, 16, 13, 19, 23, 6, 3, 24, 5
_FALLBACK = 9
_SPARK_VERSION = 31  # of a fallback address that is the text of a Spark invoice
_FEATURE_BITS = 1 << 8 | 1 << 14  # tagged fields of variable length, payment secrets: both compulsory
_CLTV_BLOCKS = 144
_DATE_WORDS, _SIGNATURE_WORDS, _CHECKSUM_WORDS = 7, 104, 6
_HINT_BYTES = 51
_MAX_FIELD_WORDS = 1023
_MAX_MEMO_BYTES = 639  # the longest that a field's length can say


@dataclass(frozen=True, slots=True)
class Invoice:
    """What an invoice says; ``sats`` is None if the payer chooses, times are seconds since the epoch.

    ``spark_identity`` is the identity key of the wallet that also takes the payment by Spark, ``spark_invoice`` what it
    wants to be paid there.
    """

    payment_hash: bytes
    sats: int | None
    created: int
    expiry_seconds: int = DEFAULT_EXPIRY_SECONDS
    memo: str | None = ""
    memo_hash: bytes | None = None
    spark_identity: bytes | None = None
    spark_invoice: str | None = None
    payee: bytes = b""

    @property
    def expires(self) -> int:
        return self.created + self.expiry_seconds


def encode(invoice: Invoice, secret: int) -> str:
    """The text of an invoice, signed by the node with this secret key; its ``payee`` is left out of account.

    Raises:
        Invalid: the memo or the Spark invoice is too long.
    """
    memo = (invoice.memo or "").encode()
    if len(memo) > _MAX_MEMO_BYTES:
        raise Invalid(f"the memo has {len(memo)} bytes; an invoice holds {_MAX_MEMO_BYTES}")
    prefix = _PREFIX + (_amount(invoice.sats) if invoice.sats else "")
    words = _words(invoice.created, _DATE_WORDS)
    words += _bytes_field(_HASH, invoice.payment_hash)
    words += _bytes_field(_SECRET, secrets.token_bytes(32))
    if invoice.memo_hash is not None:
        words += _bytes_field(_MEMO_HASH, invoice.memo_hash)
    else:
        words += _bytes_field(_MEMO, memo)
    words += _field(_EXPIRY, _number(invoice.expiry_seconds))
    words += _field(_CLTV, _number(_CLTV_BLOCKS))
    if invoice.spark_identity is not None:
        words += _bytes_field(_ROUTE, invoice.spark_identity + SPARK_CHANNEL.to_bytes(8, "big") + bytes(10))
    if invoice.spark_invoice is not None:
        text_words = _to_words(invoice.spark_invoice.encode())
        if len(text_words) >= _MAX_FIELD_WORDS:
            raise Invalid("the Spark invoice is too long to be in another one")
        words += _field(_FALLBACK, [_SPARK_VERSION, *text_words])
    words += _field(_FEATURES, _number(_FEATURE_BITS))
    signature = keys.sign_recoverable(secret, _signed(prefix, words))
    encoded: str = bech32.bech32_encode(bech32.Encoding.BECH32, prefix, words + _to_words(signature))
    return encoded


@functools.lru_cache(maxsize=256)  # a payment shows its invoice four times
def decode(text: str) -> Invoice:
    """Read an invoice and check its signature; raises Invalid if it is none of this network."""
    try:
        return _decode(text.lower())
    except ValueError as error:
        raise Invalid(f"the invoice is {error}") from error


def _decode(text: str) -> Invoice:
    prefix, _, data = text.rpartition("1")
    if not prefix.startswith(_PREFIX):
        raise ValueError("not one of the regtest network")
    try:
        words = [bech32.CHARSET.index(character) for character in data]
    except ValueError:
        raise ValueError("not in bech32") from None
    if bech32.bech32_verify_checksum(prefix, words) != bech32.Encoding.BECH32:
        raise ValueError("mistyped: its checksum is wrong")
    words = words[:-_CHECKSUM_WORDS]
    signed, signature = words[:-_SIGNATURE_WORDS], words[-_SIGNATURE_WORDS:]
    if len(signed) < _DATE_WORDS:
        raise ValueError("too short")
    signer = keys.recover(_to_bytes(signature), _signed(prefix, signed))
    if signer is None:
        raise ValueError("not signed")
    fields = _fields(signed[_DATE_WORDS:])
    payment_hash, payee = _to_bytes(fields.get(_HASH, ())), _to_bytes(fields.get(_PAYEE, ()))
    if len(payment_hash) != 32:
        raise ValueError("without a payment hash")
    if payee and payee != signer:
        raise ValueError("not signed by its payee")
    expiry = fields.get(_EXPIRY)
    memo, memo_hash = fields.get(_MEMO), fields.get(_MEMO_HASH)
    return Invoice(
        payment_hash=payment_hash,
        sats=_sats(prefix.removeprefix(_PREFIX)),
        created=_value(signed[:_DATE_WORDS]),
        expiry_seconds=DEFAULT_EXPIRY_SECONDS if expiry is None else _value(expiry),
        memo=None if memo is None else _to_bytes(memo).decode(),
        memo_hash=None if memo_hash is None else _to_bytes(memo_hash),
        spark_identity=_spark_identity(_to_bytes(fields.get(_ROUTE, ()))),
        spark_invoice=_spark_invoice(fields.get(_FALLBACK, ())),
        payee=signer,
    )


def _spark_invoice(words: Sequence[int]) -> str | None:
    return _to_bytes(words[1:]).decode() if words and words[0] == _SPARK_VERSION else None


def _amount(sats: int) -> str:
    """The shortest text of an amount."""
    pico = sats * _PICO_PER_SAT
    return next(f"{pico // unit}{letter}" for letter, unit in _MULTIPLIERS.items() if pico % unit == 0)


def _sats(amount: str) -> int | None:
    if not amount:
        return None
    unit = amount[-1] if amount[-1] in _MULTIPLIERS else ""
    digits = amount.removesuffix(unit)
    if not digits.isascii() or not digits.isdigit():
        raise ValueError(f"for an amount that is none: {amount!r}")
    return -(-int(digits) * _MULTIPLIERS[unit] // _PICO_PER_SAT)  # a part of a satoshi is paid as a whole one


def _spark_identity(hint: bytes) -> bytes | None:
    hops = [hint[at : at + _HINT_BYTES] for at in range(0, len(hint), _HINT_BYTES)]
    channel = SPARK_CHANNEL.to_bytes(8, "big")
    return next((hop[:33] for hop in hops if hop[33:41] == channel), None)


def _fields(words: Sequence[int]) -> dict[int, Sequence[int]]:
    """The tagged fields; of one that comes twice, the first."""
    found: dict[int, Sequence[int]] = {}
    while words:
        if len(words) < 3 or len(words) < 3 + (length := words[1] << 5 | words[2]):
            raise ValueError("cut off")
        found.setdefault(words[0], words[3 : 3 + length])
        words = words[3 + length :]
    return found


def _field(tag: int, words: list[int]) -> list[int]:
    return [tag, len(words) >> 5, len(words) & 31, *words]


def _bytes_field(tag: int, raw: bytes) -> list[int]:
    return _field(tag, _to_words(raw))


def _signed(prefix: str, words: Sequence[int]) -> bytes:
    """What the signature is over: the data in bytes, filled up with zero bits."""
    bits = len(words) * 5
    return prefix.encode() + (_value(words) << -bits % 8).to_bytes((bits + 7) // 8, "big")


def _number(value: int) -> list[int]:
    return _words(value, max(1, -(-value.bit_length() // 5)))


def _words(value: int, count: int) -> list[int]:
    return [value >> 5 * place & 31 for place in reversed(range(count))]


def _value(words: Sequence[int]) -> int:
    return functools.reduce(lambda total, word: total << 5 | word, words, 0)


def _to_words(raw: bytes) -> list[int]:
    count = -(-len(raw) * 8 // 5)
    return _words(int.from_bytes(raw, "big") << count * 5 - len(raw) * 8, count)


def _to_bytes(words: Sequence[int]) -> bytes:
    """The whole bytes in some words; the bits left over are filling."""
    bits = len(words) * 5
    return (_value(words) >> bits % 8).to_bytes(bits // 8, "big")
