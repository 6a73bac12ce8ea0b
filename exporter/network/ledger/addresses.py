"""Addresses that money can be sent to on the local network."""

from embit import bech32
from google.protobuf.message import DecodeError

from exporter.network.ledger.errors import Invalid
from exporter.network.proto import spark_pb2

_SPARK_PREFIXES = ("sparkrt", "sprt")
_BITCOIN_PREFIX = "bcrt"


def is_bitcoin(address: str) -> bool:
    """Whether this looks like a segwit address of the regtest network, good or not."""
    return address.lower().startswith(f"{_BITCOIN_PREFIX}1")


def bitcoin_script(address: str) -> bytes:
    """The output script of a segwit address of the regtest network; raises Invalid if it is none."""
    try:
        version, program = bech32.decode(_BITCOIN_PREFIX, address)
    except (TypeError, IndexError):  # what the decoder does with data too short for an address
        version = None
    if version is None:
        raise Invalid(f"{address!r} is not a Bitcoin address of the regtest network")
    opcode = version + 0x50 if version else 0
    return bytes([opcode, len(program)]) + bytes(program)


def taproot_address(script: bytes) -> str:
    """The address of a taproot output script."""
    address: str = bech32.encode(_BITCOIN_PREFIX, 1, script[2:])
    return address


def spark_address(identity: bytes) -> str:
    """The Spark address of an identity key on the regtest network."""
    payload = spark_pb2.SparkAddress(identity_public_key=identity).SerializeToString()
    return str(bech32.bech32_encode(bech32.Encoding.BECH32M, _SPARK_PREFIXES[0], bech32.convertbits(payload, 8, 5)))


def spark_identity(address: str) -> bytes:
    """The identity key in a Spark address of the regtest network; raises Invalid if it is none."""
    encoding, prefix, data = bech32.bech32_decode(address)
    if encoding != bech32.Encoding.BECH32M or prefix not in _SPARK_PREFIXES:
        raise Invalid(f"{address!r} is not a Spark address of the regtest network")
    identity = _spark_payload(address, data).identity_public_key
    if len(identity) != 33:
        raise Invalid(f"{address!r} holds no identity key")
    return identity


def spark_invoice_id(invoice: str) -> bytes:
    """The 16 bytes by which a Spark invoice of the regtest network is known; raises Invalid if it is none."""
    prefix, _, text = invoice.rpartition("1")
    data = [bech32.CHARSET.find(each) for each in text]
    # The library's decoder takes no more than 90 characters.
    if prefix not in _SPARK_PREFIXES or bech32.bech32_verify_checksum(prefix, data) != bech32.Encoding.BECH32M:
        raise Invalid(f"{invoice!r} is not a Spark invoice of the regtest network")
    invoice_id = _spark_payload(invoice, data[:-6]).spark_invoice_fields.id
    if len(invoice_id) != 16:
        raise Invalid(f"{invoice!r} is not a Spark invoice")
    return invoice_id


def _spark_payload(address: str, data: list[int]) -> spark_pb2.SparkAddress:
    try:
        return spark_pb2.SparkAddress.FromString(bytes(bech32.convertbits(data, 5, 8, False)))
    except (DecodeError, TypeError) as error:
        raise Invalid(f"{address!r} is not a Spark address") from error
